#include "tests/simulation/happening.hpp"

#include <fmt/format.h>

#include "reconciler/base/backups.hpp"
#include "reconciler/data_kept.hpp"
#include "tests/simulation/deeds.hpp"

namespace reconciler::simulation {
namespace {

using What = Event::What;

/// So many crossings a pass has at most, and so many calls of drivers: who dies or does something
/// later than that does not in this pass.
constexpr size_t most_crossings = 120;
constexpr size_t most_calls = 40;

}  // namespace

Happening::Happening(const Chronicle& chronicle, Told& told)
    : told_(told),
      disk_(life_),
      seam_(life_),
      another_seam_(another_life_),
      story_(chronicle.keep, disk_.name(), seam_.wrap()),
      invariants_(story_, disk_) {
  story_.host.lives = [this] { return life_.cross(); };
  story_.host.data.backed_up = chronicle.of_data;
  story_.tell(listener_);
  story_.tidy();
  seam_.at_call = [this] { at_call(); };
}

std::optional<std::string> Happening::happen(const Event& event) {
  ++told_.happened[to_text(event.what)];
  if (event.within) {
    waiting_.push_back(event);
    return std::nullopt;
  }
  if (event.what > What::power_lost_in_pass) return done_with_data(event);
  if (event.what >= What::pass) return pass(event);
  if (event.what == What::another) return pass_of_another();
  if (!done_by_people(event, story_, past_)) on_machine(event);
  return looked_at();
}

/// One whose ledger refuses everything ends, as commands do.
std::optional<std::string> Happening::looked_at() {
  const auto refused = [&]() -> std::optional<std::string> {
    auto& ledger = story_.ledger();
    const auto& id = story_.id;
    if (auto memory = ledger.memory(id); !memory) return render(memory.error());
    if (auto serial = ledger.serial(id); !serial) return render(serial.error());
    if (auto last = ledger.last_run(id); !last) return render(last.error());
    return std::nullopt;
  };
  if (refused()) {
    if (auto wrong = begin_again()) return wrong;
    if (auto still = refused()) return "the ledger cannot be read: " + *still;
  }
  // Of what the ledger has lost a task's container alone knows.
  if (past_.lost_ledger && past_.pruned_tasks) invariants_.forget_releases();
  return invariants_.holds();
}

void Happening::at_call() {
  if (!passing_) return;
  const size_t now = calls_++;
  // Another process tries again and again.
  if (tries_from_ && now >= *tries_from_ && (now - *tries_from_) % 4 == 0) try_as_another();
  const auto due = [&](const Event& event) { return event.number / 7 % most_calls == now; };
  for (const auto& event : std::vector<Event>(waiting_))
    if (due(event)) meanwhile(event);
  std::erase_if(waiting_, due);
}

void Happening::disturb() {
  past_.disturbed.insert(story_.spec().tag);
  const auto memory = story_.memory();
  if (memory.current) past_.disturbed.insert(memory.current->tag);
  if (memory.target) past_.disturbed.insert(memory.target->tag);
}

void Happening::meanwhile(const Event& event) {
  disturb();
  if (event.what == What::terminated) {
    stop_.request_stop();
  } else if (event.what == What::superseded) {
    // The service does both: the next pass asks for something else, and this one hears of it.
    newer_.request_stop();
  } else if (event.what == What::another) {
    tries_from_ = calls_;
  } else if (!done_by_people(event, story_, past_)) {
    on_machine(event);
  }
}

void Happening::on_machine(const Event& event) {
  std::mt19937_64 random(event.number);
  disturb();
  switch (event.what) {
    case What::engine_away:
      seam_.away(1 + random() % 6, [random]() mutable { return random() % 2 == 0; });
      break;
    case What::disk_full:
      disk_.fill(1 + random() % 12);
      break;
    case What::sync_fails:
      disk_.fail_sync();
      break;
    case What::disk_lies:
      disk_.lie();
      break;
    case What::clock_jumps:
      story_.clock().shift(std::chrono::hours(random() % 2 == 0 ? 24 * 365 : -24));
      break;
    default:
      break;
  }
}

/// The lock is held for as long as a pass lasts, so the other one comes to nothing.
void Happening::try_as_another() {
  another_life_.begin();
  disk_.serve(another_life_);
  const size_t before = story_.host.calls.size();
  Listener unheard;
  const auto done = story_.pass_of_another(another_seam_.wrap(), unheard);
  disk_.serve(life_);
  ++told_.kept_out;
  if (story_.host.calls.size() != before)
    wrong_ = "another process did something in the midst of a pass: " + story_.host.calls.back();
  else if (done)
    wrong_ = "another process met no lock in the midst of a pass";
  else if (done.error().code != "lock.held" && !done.error().code.starts_with("ledger."))
    wrong_ = "another process was kept out by: " + render(done.error());
}

std::optional<std::string> Happening::pass_of_another() {
  ++told_.passes;
  another_life_.begin();
  disk_.serve(another_life_);
  const size_t before = story_.host.calls.size();
  Shown& shown = listener_.begin();
  (void)story_.pass_of_another(another_seam_.wrap(), listener_,
                               [&](const Plan& plan) { shown.plan = plan; });
  disk_.serve(life_);
  if (auto wrong = invariants_.declared(shown, before)) return wrong;
  return looked_at();
}

std::optional<std::string> Happening::pass(const Event& event) {
  stop_ = {};
  newer_ = {};
  calls_ = 0;
  tries_from_.reset();
  passing_ = true;
  auto wrong = does(event, [&](const auto& agreed) {
    auto done = story_.pass({stop_.get_token(), newer_.get_token()}, agreed);
    passing_ = false;
    return done;
  });
  return wrong_ ? wrong_ : wrong;
}

std::optional<std::string> Happening::does(const Event& event, const Does& it) {
  ++told_.passes;
  std::mt19937_64 random(event.number);
  const bool dies = event.what == What::killed_in_pass || event.what == What::killed_in_restore;
  const bool with_power =
      event.what == What::power_lost_in_pass || event.what == What::power_lost_in_restore;
  if (dies || with_power) life_.dies_at(random() % most_crossings);
  Shown& shown = listener_.begin();
  const size_t before = story_.host.calls.size();
  const auto done = it([&](const Plan& plan) { shown.plan = plan; });
  if (!done) listener_.hear(render(done.error()));
  if (wrong_) return wrong_;
  if (auto wrong = invariants_.declared(shown, before)) return wrong;
  if (life_.dead()) {
    ++told_.deaths;
    auto lost = begin_again([&] {
      if (!with_power) return;
      ++told_.power_losses;
      for (auto& [key, task] : story_.host.tasks)
        if (task.runs()) task.interrupted = past_.interrupted_tasks = true;
      if (disk_.lied()) lose_ledger();
      disk_.lose_power([&](std::uint64_t n) { return random() % n; });
    });
    if (lost) return lost;
  }
  life_.begin();
  return looked_at();
}

std::optional<std::string> Happening::whole_backup(std::uint64_t number) {
  const auto files = BackupFolder(story_.backups()).list();
  const auto memory = story_.ledger().memory(story_.id);
  if (!files || !memory) return std::nullopt;
  std::vector<std::string> whole;
  for (const auto& one : *files)
    if (!memory->half_backups.contains(one.name)) whole.push_back(one.name);
  if (whole.empty()) return std::nullopt;
  return whole[number / 7 % whole.size()];
}

void Happening::put_data_right() {
  if (!half_restored(story_.ledger(), story_.id)) return;
  // As the file was that the ledger speaks of.
  const auto run = story_.ledger().last_restoring_run(story_.id);
  for (const auto& attempt : (*run)->attempts)
    if (attempt.verb == "restore") story_.host.data.put_right(story_.backups(), attempt.title);
  (void)story_.ledger().settle_restore(story_.id, "anna");
}

std::optional<std::string> Happening::done_with_data(const Event& event) {
  auto& data = story_.host.data;
  if (event.what == What::put_right) {
    put_data_right();
    return looked_at();
  }
  if (event.what == What::release_refused) {
    story_.host.refused = 1 + event.number / 7 % 4;
    return looked_at();
  }
  Errand errand;
  errand.backup = event.what == What::back_up;
  if (!errand.backup) {
    const auto file = whole_backup(event.number);
    if (!file) return std::nullopt;
    errand.restore = *file;
    data.cannot_bring_back = event.what == What::bring_back && event.number % 3 == 0;
  }
  auto wrong = does(event, [&](const auto& agreed) { return story_.errand(errand, agreed); });
  const auto begun = story_.ledger().last_restoring_run(story_.id);
  past_.brought_back = past_.brought_back || !begun || *begun;
  return wrong;
}

std::optional<std::string> Happening::begin_again(const std::function<void()>& between) {
  const std::string lineage = story_.ledger().lineage();
  const auto restarted = story_.restart([&] {
    life_.begin();
    disk_.mend();
    between();
  });
  if (!restarted && !past_.lost_ledger)
    return "the ledger is not whole: " + render(restarted.error());
  // What a lie has broken may be found long after, and then another ledger is begun.
  if (past_.lost_ledger && story_.ledger().lineage() != lineage) invariants_.forget_serial();
  return std::nullopt;
}

/// Whatever it comes back with, it may be less than it was told to be durable.
void Happening::lose_ledger() {
  past_.lost_ledger = true;
  invariants_.forget_serial();
  // Nor can it know of what it removed since.
  auto& host = story_.host;
  for (const auto& tag : host.verified)
    for (const auto& service : story_.services) {
      const std::string image = service + ":" + tag;
      if (host.images.contains(image)) continue;
      host.pruned.insert(image);
      past_.pruned_images = true;
    }
}

/// Each pass says why it can do nothing.
bool Happening::refuses() {
  const Condition now = story_.condition();
  return now.word == "Stalled" &&
         (now.reason == "RollbackFailed" || (past_.lost_ledger && now.reason == "CannotLook"));
}

/// Until a pass has nothing more to do.
std::optional<std::string> Happening::settles(size_t passes) {
  std::string last;
  for (size_t i = 0; i < passes; ++i) {
    const auto done = story_.pass();
    ++told_.passes;
    last = done ? "it was done" : render(done.error());
    // As `run` ends then, and is started again.
    if (story_.ledger().finished()) {
      if (auto wrong = begin_again()) return wrong;
      continue;
    }
    if (auto wrong = invariants_.holds()) return wrong;
    if (done && !done->changed) return std::nullopt;
    // It refuses each time, and says so.
    if (!done && refuses()) return std::nullopt;
  }
  const Condition now = story_.condition();
  return fmt::format("it does not come to rest: {}/{}: {}; of the last pass: {}", now.word,
                     now.reason, now.why, last);
}

std::optional<std::string> Happening::rest() {
  waiting_.clear();
  seam_.away(0, {});
  told_.writes_lost += disk_.lost();
  told_.calls_lost += seam_.lost();
  story_.host.refused = 0;
  if (auto wrong = begin_again()) return wrong;
  story_.resume();
  if (auto wrong = settles(8)) return wrong;
  return rested();
}

std::optional<std::string> Happening::rested() {
  const size_t calls = story_.host.calls.size();
  const auto again = story_.pass();
  if (!((!again && refuses()) || (again && !again->changed)) || story_.host.calls.size() != calls)
    return "what had come to rest was touched again";
  const Condition now = story_.condition();
  ++told_.ends[now.word + "/" + now.reason];
  past_.fenced_tasks = story_.host.fenced;
  if (auto wrong = may_not_end(now, story_.memory(), story_.spec().tag, past_)) return wrong;
  if (now.word == "Ready" || now.word == "RolledBack")
    return invariants_.differs(story_.seen().plan.to);
  return stays_at_a_good_one(now);
}

/// Nobody is left with a version that is not good for want of a way back.
std::optional<std::string> Happening::stays_at_a_good_one(const Condition& now) {
  const Memory memory = story_.memory();
  if (!memory.current || past_.scripted || past_.pruned_images) return std::nullopt;
  const std::string& good = memory.current->tag;
  const bool undisturbed = !past_.disturbed.contains(story_.spec().tag);
  // What could not be supplied, or was not released, is not what runs.
  if (now.reason == "SupplyFailed" || now.reason == "ReleaseFailed")
    for (const auto& [name, runs] : story_.host.services)
      if (runs.tag != good)
        return fmt::format("{}, and {} is {}, not {}", now.reason, name, runs.tag, good);
  // The last good one itself is not well any more: there is nothing else to go to.
  if (now.reason == "VerifyFailed" && undisturbed && story_.seen().plan.to != good)
    return fmt::format("VerifyFailed beside {}: {}", good, now.why);
  return std::nullopt;
}

/// A person does what the refusals say: the older copy goes away, and what runs is taken over.
std::optional<std::string> Happening::answer_for_ledger() {
  const std::string why = story_.condition().why;
  const std::string lineage = story_.memory().lineage;
  if (why.starts_with("ledger.behind")) {
    (void)story_.restart([&] { story_.move_ledger_away(); });
    invariants_.forget_serial();
    if (!story_.ledger().loss()) return "a ledger that was moved away is not missed";
  }
  if (story_.memory().lineage == lineage && story_.condition().reason != "LedgerLost" &&
      !why.starts_with("state.lineage"))
    return std::nullopt;
  Adoption adoption;
  adoption.who = "anna";
  for (const auto& [name, runs] : story_.host.services) adoption.lineages.push_back(runs.lineage);
  for (const auto& [id, task] : story_.host.tasks) adoption.lineages.push_back(task.lineage);
  std::erase_if(adoption.lineages, [](const std::string& one) { return one.empty(); });
  story_.host.adopted.insert(adoption.lineages.begin(), adoption.lineages.end());
  if (auto done = story_.ledger().adopt(story_.id, adoption); !done)
    return "it cannot be adopted: " + render(done.error());
  return std::nullopt;
}

std::optional<std::string> Happening::go_on() {
  auto& host = story_.host;
  put_data_right();
  if (past_.lost_ledger)
    if (auto wrong = answer_for_ledger()) return wrong;
  story_.commit("v9");
  if (auto wrong = settles(4)) return wrong;
  // While something else stood in the way nobody came to look for that, or to the broken page.
  const Condition then = story_.condition();
  if (past_.lost_ledger && (then.why.starts_with("ledger.behind") ||
                            then.why.starts_with("state.lineage") || then.reason == "LedgerLost")) {
    if (auto wrong = answer_for_ledger()) return wrong;
    if (auto wrong = settles(4)) return wrong;
  }
  // Of what was taken over nobody knows what was released.
  if (past_.lost_ledger && story_.condition().reason == "ReleaseOutcomeUnknown") {
    settle(story_);
    if (auto wrong = settles(4)) return wrong;
  }
  const Condition now = story_.condition();
  if (now.word != "Ready")
    return fmt::format("the next good version ends {}/{}: {}", now.word, now.reason, now.why);
  told_.needless += host.data.needless;
  if (auto wrong = invariants_.differs("v9")) return wrong;
  if (host.released.empty() || host.released.back() != "v9") return "v9 was not released";
  if (!listener_.leaked().empty()) return "a secret was told: " + listener_.leaked();
  return story_.leaks();
}

}  // namespace reconciler::simulation
