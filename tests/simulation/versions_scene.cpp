#include "tests/simulation/versions_scene.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler::simulation {
namespace {

using What = Event::What;

/// What a version's services are like: well, or one of three others.
void turn_services(VersionsHost& host, const Event& event, Past& past) {
  const std::string tag = event.tag();
  for (auto* all : {&host.unwell, &host.slow, &host.flaps}) all->erase(tag);
  const auto kind = event.number / 5 % 4;
  if (kind == 1) host.slow.insert(tag);
  if (kind == 2) host.flaps.insert(tag);
  if (kind == 3) host.unwell.insert(tag);
  if (kind >= 2) past.was_unwell.insert(tag);
}

void prune_images(VersionsHost& host, Past& past) {
  // No image goes that a container has, stopped ones too.
  const auto is_had = [&](const std::string& image) {
    return std::ranges::any_of(
               host.services,
               [&](const auto& one) { return image == one.first + ":" + one.second.tag; }) ||
           std::ranges::any_of(
               host.kept, [&](const auto& one) { return image == one.first + ":" + one.second; });
  };
  std::erase_if(host.images, [&](const std::string& image) {
    if (is_had(image)) return false;
    host.pruned.insert(image);
    return true;
  });
  past.pruned_images = true;
}

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

void VersionsScene::enter(Story& story) {
  story_ = &story;
  story.host.data.backed_up = backed_up_;
  story.host.on_call = [this](const std::string& call) { hear(call); };
}

/// As the scripts of before do it: containers, then the state file; nothing is kept or verified.
void VersionsScene::run_old_script(const std::string& tag, Past& past) {
  for (const auto& name : story_->services) {
    host().images.insert(name + ":" + tag);
    host().services[name] = {tag, true, false, host().now()};
  }
  host().well_since.erase(tag);
  host().current_tag = tag;
  host().hand_written = true;
  host().scripted.insert(tag);
  past.scripted = true;
}

void VersionsScene::to_service(const Event& event, Past& past) {
  auto& host = story_->host;
  ++past.drifted;
  const auto there =
      host.services.find(story_->services.at(event.number % story_->services.size()));
  if (there == host.services.end()) return;
  if (event.what == What::stop_service) there->second.up = false;
  if (event.what == What::edit_service) there->second.edited = true;
  if (event.what == What::remove_service) {
    host.kept.erase(there->first);
    host.services.erase(there);
  }
}

bool VersionsScene::done_by_people(const Event& event, Past& past) {
  auto& host = story_->host;
  const std::string tag = event.tag();
  switch (event.what) {
    case What::turns:
      turn_services(host, event, past);
      return true;
    case What::builds_or_not:
      turn(host.cannot_build, tag);
      past.did_not_build.insert(tag);
      return true;
    case What::releases_or_not:
      turn(host.cannot_release, tag);
      past.did_not_release.insert(tag);
      return true;
    case What::stop_service:
    case What::remove_service:
    case What::edit_service:
      to_service(event, past);
      return true;
    case What::edit_state_file:
      host.current_tag = tag;
      host.hand_written = true;
      return true;
    case What::old_script:
      run_old_script(tag, past);
      return true;
    case What::prune_kept:
      host.kept.clear();
      return true;
    case What::prune_images:
      prune_images(host, past);
      return true;
    case What::prune_task:
      std::erase_if(host.tasks, [](const auto& one) { return one.second.well.has_value(); });
      past.pruned_tasks = true;
      return true;
    default:
      return false;
  }
}

void VersionsScene::calm() {
  host().refused = 0;
}

void VersionsScene::power_is_lost(Past& past) {
  for (auto& [key, task] : host().tasks)
    if (task.runs()) task.interrupted = past.interrupted_tasks = true;
}

void VersionsScene::ledger_is_lost(Past& past) {
  // Nor can it know of what it removed since.
  auto& host = story_->host;
  for (const auto& tag : host.verified)
    for (const auto& service : story_->services) {
      const std::string image = service + ":" + tag;
      if (host.images.contains(image)) continue;
      host.pruned.insert(image);
      past.pruned_images = true;
    }
}

std::vector<std::string> VersionsScene::lineages() const {
  std::vector<std::string> all;
  for (const auto& [name, runs] : host().services) all.push_back(runs.lineage);
  for (const auto& [id, task] : host().tasks) all.push_back(task.lineage);
  std::erase_if(all, [](const std::string& one) { return one.empty(); });
  return all;
}

void VersionsScene::adopted(const std::vector<std::string>& lineages) {
  host().adopted.insert(lineages.begin(), lineages.end());
}

std::optional<bool> VersionsScene::was_released(const std::string& tag) const {
  const auto& data = host().data;
  if (data.half) return std::nullopt;
  return data.has(tag);
}

void VersionsScene::hear(const std::string& call) {
  const std::string tag = call.substr(call.find(' ') + 1);
  if (call.starts_with("record ")) {
    const auto current = story_->memory().current;
    if (!current || current->tag != tag)
      heard_ = fmt::format("the state file becomes {}, and the ledger has {}", tag,
                           current ? current->tag : "nothing");
  }
  if (call.starts_with("prune ") && !tag.empty() && !story_->host.verified.contains(tag) &&
      !story_->host.scripted.contains(tag))
    heard_ = "what was kept goes, and " + tag + " was never well";
}

std::optional<std::string> VersionsScene::of_versions(const Memory& memory) const {
  const auto& host = story_->host;
  for (const auto* version : {&memory.current, &memory.previous})
    if (*version)
      for (const auto& service : story_->services) {
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

std::optional<std::string> VersionsScene::of_releases() const {
  const auto& host = story_->host;
  if (host.at_once > 1) return "two releases ran at a time";
  if (host.data.backed_up) return forgotten_ ? std::nullopt : host.data.wrong;
  std::set<std::string> once;
  for (const auto& tag : host.released)
    if (!once.insert(tag).second && !(forgotten_ && forgotten_->contains(tag)))
      return "released twice: " + join(host.released, ", ");
  return std::nullopt;
}

/// What was gone on to works on data that has its release.
std::optional<std::string> VersionsScene::of_data(const Memory& memory) {
  const auto& data = story_->host.data;
  if (!memory.current || memory.current->tag == recorded_) return std::nullopt;
  recorded_ = memory.current->tag;
  const bool goes_on = data.backed_up && !forgotten_ && !memory.target;
  if (!goes_on || data.has(recorded_)) return std::nullopt;
  return recorded_ + " is recorded, and its release is not in the data";
}

void VersionsScene::forget_releases() {
  const auto& released = story_->host.released;
  if (!forgotten_) forgotten_.emplace(released.begin(), released.end());
}

std::optional<std::string> VersionsScene::holds(const Memory& memory) {
  if (heard_) return heard_;
  if (auto wrong = of_versions(memory)) return wrong;
  if (auto wrong = of_releases()) return wrong;
  return of_data(memory);
}

std::optional<std::string> VersionsScene::differs(const std::string& target, bool) const {
  for (const auto& name : story_->services) {
    const auto found = story_->host.services.find(name);
    if (found == story_->host.services.end()) return name + " is not there";
    const auto& runs = found->second;
    if (runs.tag != target || !runs.up || runs.edited)
      return fmt::format("{} is {}{}{} where {} is wanted", name, runs.tag,
                         runs.up ? "" : " stopped", runs.edited ? " edited" : "", target);
  }
  if (story_->host.current_tag != target)
    return fmt::format("current_tag is {} where {} is wanted", story_->host.current_tag, target);
  return std::nullopt;
}

std::optional<std::string> VersionsScene::declared(const Shown& shown, size_t before) const {
  std::vector<std::string> made(story_->host.calls.begin() + static_cast<std::ptrdiff_t>(before),
                                story_->host.calls.end());
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

std::optional<std::string> VersionsScene::stays_at_a_good_one(const Condition& now,
                                                              const Past& past) const {
  const Memory memory = story_->memory();
  if (!memory.current || past.scripted || past.pruned_images) return std::nullopt;
  const std::string& good = memory.current->tag;
  const bool undisturbed = !past.disturbed.contains(story_->spec().tag);
  // What could not be supplied, or was not released, is not what runs.
  if (now.reason == "SupplyFailed" || now.reason == "ReleaseFailed")
    for (const auto& [name, runs] : story_->host.services)
      if (runs.tag != good)
        return fmt::format("{}, and {} is {}, not {}", now.reason, name, runs.tag, good);
  // The last good one itself is not well any more: there is nothing else to go to.
  if (now.reason == "VerifyFailed" && undisturbed && story_->seen().plan.to != good)
    return fmt::format("VerifyFailed beside {}: {}", good, now.why);
  return std::nullopt;
}

}  // namespace reconciler::simulation
