#include "tests/simulation/chronicle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "reconciler/base/text.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/simulation/life.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {
namespace {

using What = Event::What;

constexpr std::array words{"commit",
                           "well or unwell",
                           "builds or does not",
                           "releases or does not",
                           "stopped",
                           "edited",
                           "kept ones pruned",
                           "release task pruned",
                           "rollback",
                           "retry",
                           "suspend",
                           "resume",
                           "pass",
                           "killed in a pass",
                           "power lost in a pass"};

std::string tag_of(const Event& event) {
  return "v" + std::to_string(event.number % 5);
}

/// Before it a dead process comes to nothing, and one that dies does not hear how it went.
class MortalDriver final : public Driver {
 public:
  MortalDriver(Life& life, std::unique_ptr<Driver> real) : life_(life), real_(std::move(real)) {}
  Description describe() const override { return real_->describe(); }
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override {
    return alive([&] { return real_->prepare(request, variables, deadline); });
  }
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override {
    return alive([&] { return real_->observe(id, wanted, memory, variables, deadline); });
  }
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    return effect([&] { return real_->perform(attempt, variables, progress, std::move(stop)); });
  }
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    return effect([&] { return real_->recover(attempt, variables, progress, std::move(stop)); });
  }
  Result<SealedRecords> snapshot(const EnvironmentId& id, const Json& wanted,
                                 Deadline deadline) override {
    return alive([&] { return real_->snapshot(id, wanted, deadline); });
  }
  Result<Prepared> restore(const Recorded& recorded, Deadline deadline) override {
    return alive([&] { return real_->restore(recorded, deadline); });
  }
  std::vector<Finding> check(Deadline deadline) override { return real_->check(deadline); }

 private:
  template <class F>
  std::invoke_result_t<F> alive(const F& f) {
    if (life_.dead()) return failure(died());
    return f();
  }
  template <class F>
  std::invoke_result_t<F> effect(const F& f) {
    if (!life_.cross()) return failure(died());
    auto done = f();
    if (!life_.cross()) return failure(died());
    return done;
  }

  Life& life_;
  std::unique_ptr<Driver> real_;
};

/// What may be left when faults have stopped, and stays so until somebody answers.
const std::set<std::string> stops{"Stalled/ReleaseFailed",  "Stalled/ReleaseOutcomeUnknown",
                                  "Stalled/VerifyFailed",   "Stalled/SupplyFailed",
                                  "Stalled/RollbackFailed", "Stalled/Flapping"};

/// The calls of a plan in its order, those that look left out.
std::vector<std::string> calls_of(const Plan& plan) {
  std::vector<std::string> all;
  for (const auto& action : plan.actions)
    if (action.work.phase != Phase::verify && !action.work.targets.empty() &&
        action.work.targets[0].driver == "sim")
      all.push_back(action.work.verb + " " + text_at(action.work.input, "tag"));
  return all;
}

class Happening {
 public:
  explicit Happening(Told& told)
      : told_(told), disk_(life_), story_(1, disk_.name(), [this](std::unique_ptr<Driver> real) {
          return std::make_unique<MortalDriver>(life_, std::move(real));
        }) {
    story_.host.lives = [this] { return life_.cross(); };
  }

  std::optional<std::string> happen(const Event& event) {
    auto& host = story_.host;
    const auto turn = [&](std::set<std::string>& tags) {
      if (!tags.erase(tag_of(event))) tags.insert(tag_of(event));
    };
    const auto there =
        host.services.find(story_.services.at(event.number % story_.services.size()));
    switch (event.what) {
      case What::commit:
        story_.commit(tag_of(event));
        break;
      case What::well_or_unwell:
        turn(host.unwell);
        break;
      case What::builds_or_not:
        turn(host.cannot_build);
        break;
      case What::releases_or_not:
        turn(host.cannot_release);
        break;
      case What::stop_service:
        if (there != host.services.end()) there->second.up = false;
        break;
      case What::edit_service:
        if (there != host.services.end()) there->second.edited = true;
        break;
      case What::prune_kept:
        host.kept.clear();
        break;
      case What::prune_task:
        std::erase_if(host.tasks, [](const auto& one) { return one.second.well.has_value(); });
        break;
      case What::rollback:
        story_.rollback();
        break;
      case What::retry:
        story_.retry();
        break;
      case What::suspend:
        story_.suspend();
        break;
      case What::resume:
        story_.resume();
        break;
      case What::pass:
      case What::killed_in_pass:
      case What::power_lost_in_pass:
        return pass(event);
    }
    return holds();
  }

  /// Nothing goes wrong any more: it comes to rest at the target, or with a named stop.
  std::optional<std::string> rest() {
    story_.resume();
    for (int i = 0; i < 8; ++i) {
      const auto done = story_.pass();
      ++told_.passes;
      if (auto wrong = holds()) return wrong;
      if (done && !done->changed) return rested();
    }
    const Condition now = story_.condition();
    return fmt::format("it does not come to rest: {}/{}: {}", now.word, now.reason, now.why);
  }

 private:
  std::optional<std::string> pass(const Event& event) {
    ++told_.passes;
    std::mt19937_64 random(event.number);
    if (event.what != What::pass) life_.dies_at(random() % 60);
    std::optional<Plan> agreed;
    const size_t before = story_.host.calls.size();
    (void)story_.pass({}, [&](const Plan& plan) { agreed = plan; });
    auto wrong = declared(agreed, before);
    if (life_.dead()) {
      ++told_.deaths;
      const auto restarted = story_.restart([&] {
        life_.begin();
        if (event.what != What::power_lost_in_pass) return;
        ++told_.power_losses;
        disk_.lose_power([&](std::uint64_t n) { return random() % n; });
        told_.writes_lost = disk_.lost();
      });
      if (!restarted) return "the ledger is not whole: " + render(restarted.error());
    }
    life_.begin();
    return wrong ? wrong : holds();
  }

  /// What was done is a beginning of what was shown, then at most the way back that it named.
  std::optional<std::string> declared(const std::optional<Plan>& plan, size_t before) const {
    std::vector<std::string> made(story_.host.calls.begin() + static_cast<std::ptrdiff_t>(before),
                                  story_.host.calls.end());
    std::erase_if(made, [](const std::string& call) { return call.starts_with("verify"); });
    if (made.empty()) return std::nullopt;
    if (!plan) return "done without a plan: " + made.front();
    const auto shown = calls_of(*plan);
    const auto apart = std::ranges::mismatch(made, shown).in1;
    for (auto call = apart; call != made.end(); ++call)
      if (!plan->fallback || !call->ends_with(" " + *plan->fallback))
        return fmt::format("{} was in no plan; shown was: {}", *call, join(shown, ", "));
    return std::nullopt;
  }

  std::optional<std::string> holds() {
    const Memory memory = story_.memory();
    const auto& host = story_.host;
    for (const auto* version : {&memory.current, &memory.previous})
      if (*version)
        for (const auto& service : story_.services)
          if (!host.images.contains(service + ":" + (*version)->tag))
            return "the image of " + (*version)->tag + " is gone, which is to be gone back to";
    const std::set<std::string> once(host.released.begin(), host.released.end());
    if (once.size() != host.released.size()) return "released twice: " + join(host.released, ", ");
    if (host.at_once > 1) return "two releases ran at a time";
    if (memory.current && !host.verified.contains(memory.current->tag))
      return memory.current->tag + " is recorded, and was never well";
    if (!host.current_tag.empty() && !host.verified.contains(host.current_tag))
      return "current_tag is " + host.current_tag + ", which was never well";
    const auto serial = story_.serial();
    if (serial < serial_) return fmt::format("the serial went from {} to {}", serial_, serial);
    serial_ = serial;
    const Condition now = story_.condition();
    if (now.word == "Ready")
      if (auto wrong = differs(story_.seen().plan.to)) return "Ready, and " + *wrong;
    return std::nullopt;
  }

  std::optional<std::string> differs(const std::string& target) const {
    for (const auto& name : story_.services) {
      const auto found = story_.host.services.find(name);
      if (found == story_.host.services.end()) return name + " is not there";
      const auto& runs = found->second;
      if (runs.tag != target || !runs.up || runs.edited)
        return fmt::format("{} is {}{}{} where {} is wanted", name, runs.tag,
                           runs.up ? "" : " stopped", runs.edited ? " edited" : "", target);
    }
    if (story_.host.current_tag != target)
      return fmt::format("current_tag is {} where {} is wanted", story_.host.current_tag, target);
    return std::nullopt;
  }

  std::optional<std::string> rested() {
    const size_t calls = story_.host.calls.size();
    const auto again = story_.pass();
    if (!again || again->changed || story_.host.calls.size() != calls)
      return "what had come to rest was touched again";
    const Condition now = story_.condition();
    const std::string how = now.word + "/" + now.reason;
    told_.ends.push_back(how);
    if (stops.contains(how)) return std::nullopt;
    if (now.word != "Ready" && now.word != "RolledBack") return how + ": " + now.why;
    return differs(story_.seen().plan.to);
  }

  Told& told_;
  Life life_;
  Disk disk_;
  Story story_;
  std::int64_t serial_ = 0;
};

}  // namespace

std::vector<Event> events_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Event> events(4 + random() % 16);
  for (auto& event : events) {
    // A third of all are passes, two thirds of those end badly.
    const auto kind = random() % 18;
    event.what = kind < 12   ? static_cast<What>(kind)
                 : kind < 14 ? What::pass
                 : kind < 16 ? What::killed_in_pass
                             : What::power_lost_in_pass;
    event.number = random();
  }
  return events;
}

std::string in_words(const std::vector<Event>& events) {
  std::string out;
  for (const auto& event : events)
    out += fmt::format("  {} ({}, {})\n", words.at(static_cast<size_t>(event.what)), tag_of(event),
                       event.number);
  return out;
}

std::optional<std::string> happen(const std::vector<Event>& events, Told& told) {
  Happening happening(told);
  for (size_t i = 0; i < events.size(); ++i)
    if (auto wrong = happening.happen(events[i]))
      return fmt::format("after event {} ({}): {}", i + 1,
                         words.at(static_cast<size_t>(events[i].what)), *wrong);
  if (auto wrong = happening.rest()) return "at the end: " + *wrong;
  return std::nullopt;
}

std::vector<Event> shrunk(std::vector<Event> events) {
  for (bool fewer = true; fewer;) {
    fewer = false;
    for (size_t i = 0; i < events.size(); ++i) {
      auto without = events;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      Told told;
      if (!happen(without, told)) continue;
      events = std::move(without);
      fewer = true;
      --i;
    }
  }
  return events;
}

}  // namespace reconciler::simulation
