#include "tests/simulation/containers/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plugins/docker/services/names.hpp"
#include "tests/simulation/containers/stack.hpp"

namespace reconciler::simulation {
namespace {

constexpr Duration release_time{300};
constexpr Duration call_takes{20};

bool is_task(const SimulatedContainer& container) {
  return label_of(container, docker::label::oneoff) == "True";
}

}  // namespace

bool is_put_aside(const SimulatedContainer& container) {
  return std::ranges::any_of(std::array{".next", ".prev", ".failed", ".orphan"},
                             [&](const char* suffix) { return container.name.ends_with(suffix); });
}

bool has_process(const SimulatedContainer& container) {
  return container.state == "running" || container.state == "paused" ||
         container.state == "restarting";
}

Machine::Machine(SimClock& clock) : clock_(clock), engine_(clock) {
  engine_.started = [this](SimulatedContainer& container) { began(container); };
  engine_.add_image("db:1", JsonObject{});
  engine_.networks["bridge"] = JsonObject{{"Name", "bridge"}, {"Id", "bridge 0"}};
}

void Machine::began(SimulatedContainer& container) {
  last_ = since_.contains(container.id) ? "" : container.id;
  since_[container.id] = clock_.now();
  if (!is_task(container)) {
    tick(container);
    return;
  }
  const auto running = std::ranges::count_if(engine_.containers, [](const auto& one) {
    return is_task(one.second) && one.second.state == "running";
  });
  at_once = std::max(at_once, static_cast<size_t>(running));
}

void Machine::end(SimulatedContainer& container, std::int64_t code) {
  container.state = "exited";
  container.exit_code = code;
  container.finished = engine_.now;
}

void Machine::tick(SimulatedContainer& container) {
  if (container.state != "running") return;
  const auto tag = version_of(container.body);
  const auto age = clock_.now() - since_[container.id];
  const auto service = label_of(container, docker::label::service);
  if (is_task(container) && age >= release_time) {
    const bool well = !cannot_release.contains(tag);
    if (well) released.push_back(tag);
    end(container, well ? 0 : 1);
    if (died_) ended_alone_.insert(container.id);
  } else if (service == "worker" && crashes.contains(tag)) {
    container.state = "restarting";
    ++container.restarts;
  } else if (service == "web") {
    const bool ill = unwell.contains(tag) || (flaps.contains(tag) && age >= until_unwell);
    const bool young = slow.contains(tag) && age < until_well;
    container.health = ill ? "unhealthy" : young ? "starting" : "healthy";
  }
}

void Machine::tick() {
  engine_.now = clock_.wall().time_since_epoch().count();
  if (engine_.dead() && !died_) {
    died_ = clock_.now();
    if (!last_.empty() && since_[last_] == *died_) unwritten_ = last_;
  }
  for (auto& [id, container] : engine_.containers) tick(container);
  watch();
  if (died_ && clock_.now() - *died_ >= death_.lasts) restart_engine(death_.forgets);
}

void Machine::work() {
  clock_.wait_until(clock_.now() + call_takes, {});
  tick();
}

const SimulatedContainer* Machine::serving(const std::string& service) const {
  for (const auto& [id, container] : engine_.containers)
    if (label_of(container, docker::label::project) == "a" &&
        label_of(container, docker::label::service) == service && !is_task(container) &&
        !is_put_aside(container))
      return &container;
  return nullptr;
}

SimulatedContainer* Machine::serving(const std::string& service) {
  const auto* found = std::as_const(*this).serving(service);
  return found ? &engine_.containers.at(found->id) : nullptr;
}

const SimulatedContainer* Machine::running_beside(const SimulatedContainer& one) const {
  for (const auto& [id, other] : engine_.containers)
    if (id != one.id && has_process(other) && !is_task(other) && !is_task(one) &&
        label_of(other, docker::label::project) == label_of(one, docker::label::project) &&
        label_of(other, docker::label::service) == label_of(one, docker::label::service))
      return &other;
  return nullptr;
}

const SimulatedContainer* Machine::in_place(const docker::Container& wanted) const {
  const auto of_version_1 = docker::name_of_version_1(wanted);
  const SimulatedContainer* instead = nullptr;
  for (const auto& [id, one] : engine_.containers) {
    if (one.name == wanted.name) return &one;
    if (one.name == of_version_1 && docker::is_of_version_1(member_or_null(one.body, "Labels")))
      instead = &one;
  }
  return instead;
}

bool Machine::is_well(const std::string& tag) {
  return std::ranges::all_of(std::array{"db", "web", "worker"}, [&](const std::string& service) {
    docker::Container wanted;
    wanted.service = service;
    wanted.name = stack_name(service, tag);
    const auto* one = in_place(wanted);
    return one && one->state == "running" && (one->health.empty() || one->health == "healthy") &&
           (service == "db" || version_of(one->body) == tag);
  });
}

void Machine::watch() {
  const auto* web = serving("web");
  const auto tag = web ? version_of(web->body) : "";
  if (tag.empty() || !is_well(tag)) {
    well_.reset();
    return;
  }
  if (!well_ || well_->first != tag) well_ = {tag, clock_.now()};
  if (clock_.now() - well_->second >= stable) verified.insert(tag);
}

bool Machine::build(const std::string& tag) {
  if (cannot_build.contains(tag)) return false;
  engine_.add_image(stack_image(tag),
                    JsonObject{{"Labels", JsonObject{{docker::label::inputs, "inputs of " + tag},
                                                     {docker::label::commit, "of the stack"}}}});
  return true;
}

void Machine::kill_engine(const Death& death) {
  death_ = death;
  engine_.die_at(death.at, death.after);
}

void Machine::forget() {
  for (auto& [id, container] : engine_.containers) {
    const bool alone = ended_alone_.contains(id);
    if (alone || id == unwritten_) interrupted = interrupted || is_task(container);
    if (alone) container.exit_code = container.finished = 0;
    if (id != unwritten_) continue;
    container.state = "created";
    container.started = container.finished = container.exit_code = 0;
  }
}

void Machine::spare_engine() {
  if (engine_.dead())
    restart_engine(death_.forgets);
  else
    engine_.revive();
}

/// [measured: 20.10] Whoever ran is ended; whose policy says so begins again, also one that a
/// person had stopped where it says always. One that was never started is left alone.
void Machine::restart_engine(bool forgets) {
  if (!died_ && !last_.empty() && since_[last_] == clock_.now()) unwritten_ = last_;
  for (auto& [id, container] : engine_.containers) {
    // Whether one that was made had begun, and why one failed, is not known any more.
    if (is_task(container) && (container.state != "exited" || container.exit_code != 0))
      interrupted = true;
    if (!has_process(container)) continue;
    end(container, 137);
    container.health = container.health.empty() ? "" : "starting";
    const auto& policy = container.restart_policy;
    if (policy == "unless-stopped" || policy == "on-failure") container.state = "was up";
  }
  if (forgets) forget();
  engine_.revive();
  died_.reset();
  unwritten_.clear();
  ended_alone_.clear();
  engine_.networks["bridge"] =
      JsonObject{{"Name", "bridge"}, {"Id", fmt::format("bridge {}", ++starts_)}};
  // It starts them by itself: nobody asked.
  const auto asked = std::exchange(engine_.before, nullptr);
  for (auto& [id, container] : engine_.containers) {
    const bool always = container.restart_policy == "always" && container.state == "exited";
    if (!always && container.state != "was up") continue;
    container.state = "exited";
    const Json nothing;
    (void)engine_.call("POST", "/containers/" + id + "/start", &nothing, Deadline(clock_, stable));
  }
  engine_.before = asked;
  last_.clear();
  tick();
}

}  // namespace reconciler::simulation
