// What must hold of containers, their data and their releases, whatever happens to them.
#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"
#include "tests/simulation/containers/scene.hpp"

namespace reconciler::simulation {

/// It is about to be removed. What served the last good version, and is all that is left of it,
/// goes once another version is recorded.
std::optional<std::string> ContainersScene::of_last_good(const SimulatedContainer& going) const {
  const auto current = story_->memory().current;
  const auto service = label_of(going, docker::label::service);
  if (!current || taken_away_.contains(service)) return std::nullopt;
  const auto model = stack_of(current->tag, key_);
  const auto wanted = std::ranges::find(model.containers, service, &docker::Container::service);
  if (wanted == model.containers.end()) return std::nullopt;
  const auto good = version_of(wanted->config);
  const auto is_good = [&](const SimulatedContainer& one) {
    return one.state != "created" && version_of(one.body) == good &&
           label_of(one, docker::label::service) == service &&
           label_of(one, docker::label::oneoff) != "True";
  };
  const auto left = std::ranges::count_if(machine_->engine().containers,
                                          [&](const auto& each) { return is_good(each.second); });
  if (!is_good(going) || left > 1) return std::nullopt;
  return fmt::format("{} goes, the last that is left of {}, which is recorded", going.name,
                     current->tag);
}

/// It is about to be started. Two of a service at a time would be at the same data; where they were
/// before, and one gave way, they are no more than they were.
std::optional<std::string> ContainersScene::of_service(const SimulatedContainer& starting) const {
  const auto* beside = machine_->running_beside(starting);
  // Who came since the look was not to be seen by it.
  if (!beside || meddled_ || gave_way_.contains(label_of(starting, docker::label::service)))
    return std::nullopt;
  return fmt::format("{} is started beside {}, which runs", starting.name, beside->name);
}

std::optional<std::string> ContainersScene::of_releases() const {
  if (machine_->at_once > 1) return "two releases ran at a time";
  std::set<std::string> once;
  for (const auto& tag : machine_->released)
    if (!once.insert(tag).second && !(forgotten_ && forgotten_->contains(tag)))
      return "released twice: " + join(machine_->released, ", ");
  return std::nullopt;
}

std::set<std::string> ContainersScene::volumes_in_use() const {
  std::set<std::string> all;
  for (const auto& [id, one] : machine_->engine().containers)
    for (const auto& [target, volume] : one.anonymous) all.insert(volume);
  return all;
}

/// Whoever takes the database's place goes on with its volumes.
std::optional<std::string> ContainersScene::of_data() {
  const auto all = volumes_in_use();
  if (all.size() > 1) return "a database was made with another volume";
  if (all.empty()) {
    anonymous_.clear();
    return std::nullopt;
  }
  if (!anonymous_.empty() && anonymous_ != *all.begin())
    return "the database has another volume than before";
  anonymous_ = *all.begin();
  if (machine_->engine().lost_volumes.contains(anonymous_)) return "the database's volume is gone";
  if (had_data_ && !machine_->engine().volumes.contains("a_data"))
    return "the volume a_data is gone";
  had_data_ = machine_->engine().volumes.contains("a_data");
  return std::nullopt;
}

std::optional<std::string> ContainersScene::holds(const Memory& memory) {
  if (heard_) return heard_;
  taken_away_.clear();
  meddled_ = false;
  gave_way_.clear();
  if (strangers() != strangers_) return "what is another project's was changed: " + strangers();
  if (auto wrong = of_releases()) return wrong;
  if (auto wrong = of_data()) return wrong;
  const auto known_good = [&](const std::string& tag) {
    return machine_->verified.contains(tag) || scripted_.contains(tag);
  };
  if (memory.current && !known_good(memory.current->tag))
    return memory.current->tag + " is recorded, and was never well";
  const auto& written = story_->host.current_tag;
  if (!story_->host.hand_written && !written.empty() && !known_good(written))
    return "current_tag is " + written + ", which was never well";
  return std::nullopt;
}

}  // namespace reconciler::simulation
