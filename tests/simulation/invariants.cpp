#include "tests/simulation/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reconciler/base/text.hpp"

namespace reconciler::simulation {
namespace {

/// The calls of a plan in its order, those that look and those of the ledger left out.
std::vector<std::string> calls_of(const Plan& plan) {
  std::vector<std::string> all;
  for (const auto& action : plan.actions)
    if (action.work.phase != Phase::verify && !action.work.targets.empty() &&
        action.work.targets[0].driver != "ledger")
      all.push_back(action.work.verb + " " + text_at(action.work.input, "tag"));
  return all;
}

}  // namespace

Invariants::Invariants(Story& story, const Disk& disk) : story_(story), disk_(disk) {
  story.host.on_call = [this](const std::string& call) { hear(call); };
}

void Invariants::hear(const std::string& call) {
  const std::string tag = call.substr(call.find(' ') + 1);
  if (call.starts_with("record ")) {
    const auto current = story_.memory().current;
    if (!current || current->tag != tag)
      heard_ = fmt::format("the state file becomes {}, and the ledger has {}", tag,
                           current ? current->tag : "nothing");
  }
  if (call.starts_with("prune ") && !tag.empty() && !story_.host.verified.contains(tag) &&
      !story_.host.scripted.contains(tag))
    heard_ = "what was kept goes, and " + tag + " was never well";
}

std::optional<std::string> Invariants::of_versions(const Memory& memory) const {
  const auto& host = story_.host;
  for (const auto* version : {&memory.current, &memory.previous})
    if (*version)
      for (const auto& service : story_.services) {
        const std::string image = service + ":" + (*version)->tag;
        if (!host.images.contains(image) && !host.pruned.contains(image))
          return "the image of " + (*version)->tag + " is gone, which is to be gone back to";
      }
  // What a script deployed is taken over as it runs.
  const auto known_good = [&](const std::string& tag) {
    return host.verified.contains(tag) || host.scripted.contains(tag);
  };
  if (memory.current && !known_good(memory.current->tag))
    return memory.current->tag + " is recorded, and was never well";
  if (!host.hand_written && !host.current_tag.empty() && !known_good(host.current_tag))
    return "current_tag is " + host.current_tag + ", which was never well";
  return std::nullopt;
}

std::optional<std::string> Invariants::of_releases() const {
  const auto& host = story_.host;
  if (host.at_once > 1) return "two releases ran at a time";
  if (host.data.backed_up) return forgotten_ ? std::nullopt : host.data.wrong;
  std::set<std::string> once;
  for (const auto& tag : host.released)
    if (!once.insert(tag).second && !(forgotten_ && forgotten_->contains(tag)))
      return "released twice: " + join(host.released, ", ");
  return std::nullopt;
}

/// What was gone on to works on data that has its release.
std::optional<std::string> Invariants::of_data(const Memory& memory) {
  const auto& data = story_.host.data;
  if (!memory.current || memory.current->tag == recorded_) return std::nullopt;
  recorded_ = memory.current->tag;
  const bool goes_on = data.backed_up && !forgotten_ && !memory.target;
  if (!goes_on || data.has(recorded_)) return std::nullopt;
  return recorded_ + " is recorded, and its release is not in the data";
}

void Invariants::forget_releases() {
  const auto& released = story_.host.released;
  if (!forgotten_) forgotten_.emplace(released.begin(), released.end());
}

std::optional<std::string> Invariants::holds() {
  if (heard_) return heard_;
  const Memory memory = story_.memory();
  if (auto wrong = of_versions(memory)) return wrong;
  if (auto wrong = of_releases()) return wrong;
  if (auto wrong = of_data(memory)) return wrong;
  const auto serial = story_.serial();
  if (serial < serial_) return fmt::format("the serial went from {} to {}", serial_, serial);
  // What a killed process wrote and did not sync is seen by the next one, and may go with the power
  // until that one has written something, too.
  if (disk_.synced()) serial_ = serial;
  const auto seen = story_.look_once();
  const auto last = story_.ledger().last_run(story_.id);
  if (seen && last && condition_of(seen->plan, *last).word == "Ready")
    if (auto wrong = differs(seen->plan.to)) return "Ready, and " + *wrong;
  return std::nullopt;
}

std::optional<std::string> Invariants::differs(const std::string& target) const {
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

std::optional<std::string> Invariants::declared(const Shown& shown, size_t before) const {
  std::vector<std::string> made(story_.host.calls.begin() + static_cast<std::ptrdiff_t>(before),
                                story_.host.calls.end());
  std::erase_if(made, [](const std::string& call) { return call.starts_with("verify"); });
  if (made.empty()) return std::nullopt;
  if (!shown.plan) return "done without a plan: " + made.front();
  auto told = calls_of(*shown.plan);
  const auto apart = std::ranges::mismatch(made, told).in1;
  if (apart == made.end()) return std::nullopt;
  if (shown.back && shown.back->to == shown.plan->fallback) {
    const auto back = calls_of(*shown.back);
    if (std::ranges::mismatch(std::ranges::subrange(apart, made.end()), back).in1 == made.end())
      return std::nullopt;
    told.push_back("and back");
    told.insert(told.end(), back.begin(), back.end());
  }
  return fmt::format("{} was in no plan; shown was: {}", *apart, join(told, ", "));
}

}  // namespace reconciler::simulation
