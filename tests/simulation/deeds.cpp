#include "tests/simulation/deeds.hpp"

#include <algorithm>

namespace reconciler::simulation {
namespace {

using What = Event::What;

void turn(std::set<std::string>& tags, const std::string& tag) {
  if (!tags.erase(tag)) tags.insert(tag);
}

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

/// As the scripts of before do it: containers, then the state file; nothing is kept or verified.
void run_old_script(Story& story, const std::string& tag, Past& past) {
  auto& host = story.host;
  for (const auto& name : story.services) {
    host.images.insert(name + ":" + tag);
    host.services[name] = {tag, true, false, host.now()};
  }
  host.well_since.erase(tag);
  host.current_tag = tag;
  host.hand_written = true;
  host.scripted.insert(tag);
  past.scripted = true;
}

void to_service(const Event& event, Story& story, Past& past) {
  auto& host = story.host;
  ++past.drifted;
  const auto there = host.services.find(story.services.at(event.number % story.services.size()));
  if (there == host.services.end()) return;
  if (event.what == What::stop_service) there->second.up = false;
  if (event.what == What::edit_service) there->second.edited = true;
  if (event.what == What::remove_service) {
    host.kept.erase(there->first);
    host.services.erase(there);
  }
}

}  // namespace

void settle(Story& story) {
  const auto seen = story.look_once();
  if (!seen) return;
  const auto& data = story.host.data;
  if (data.half) return;  // nobody can tell
  const bool was_done = data.has(seen->desired.tag);
  const Fate fate = was_done ? Fate::succeeded : Fate::not_started;
  for (const auto& step : seen->desired.steps) {
    if (step.once != Once::tag) continue;
    if (seen->memory.once.contains(step.once_key))
      (void)story.ledger().settle(story.id, step.once_key, fate, "anna");
    else if (seen->memory.adopted)
      (void)story.ledger().assume(story.id, step.once_key, step.name, fate, "anna");
  }
}

bool done_by_people(const Event& event, Story& story, Past& past) {
  auto& host = story.host;
  const std::string tag = event.tag();
  switch (event.what) {
    case What::commit:
      story.commit(tag);
      return true;
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
      to_service(event, story, past);
      return true;
    case What::edit_state_file:
      host.current_tag = tag;
      host.hand_written = true;
      return true;
    case What::old_script:
      run_old_script(story, tag, past);
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
    case What::rollback:
      past.asked_back = true;
      story.rollback();
      return true;
    case What::retry:
      story.retry();
      return true;
    case What::suspend:
      story.suspend();
      return true;
    case What::resume:
      story.resume();
      return true;
    case What::settle:
      settle(story);
      return true;
    default:
      return false;
  }
}

}  // namespace reconciler::simulation
