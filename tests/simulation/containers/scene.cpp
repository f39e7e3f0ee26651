#include "tests/simulation/containers/scene.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/services/names.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "tests/simulation/containers/declared.hpp"
#include "tests/simulation/containers/drivers.hpp"
#include "tests/simulation/containers/people.hpp"

namespace reconciler::simulation {
namespace {

using What = Event::What;

/// Before the call that takes away what was made for a task and never begun, so that it never will
/// be: what was cut off is settled before there is a plan.
constexpr std::string_view recovered = "recovered: ";

/// What a version's containers are like: well, or one of four others.
void turn_containers(Machine& machine, const Event& event, Past& past) {
  const std::string tag = event.tag();
  for (auto* all : {&machine.unwell, &machine.slow, &machine.flaps, &machine.crashes})
    all->erase(tag);
  const auto kind = event.number / 5 % 6;
  if (kind == 1) machine.slow.insert(tag);
  if (kind == 2) machine.flaps.insert(tag);
  if (kind == 3) machine.unwell.insert(tag);
  if (kind == 4) machine.crashes.insert(tag);
  if (kind >= 2 && kind <= 4) past.was_unwell.insert(tag);
  machine.tick();
}

}  // namespace

ContainersScene::ContainersScene() = default;

Equip ContainersScene::equip(Seam& seam) {
  return seam.before([this, &seam](const Place& place, const Ledger&) {
    if (!machine_) {
      machine_.emplace(place.clock);
      place.clock.passed = [this] { machine().tick(); };
      for (const char* folder : {"/objects", "/compiled/app/production"})
        if (auto made = make_folders(place.state + folder); !made)
          throw std::runtime_error(render(made.error()));
    }
    std::vector<std::unique_ptr<Driver>> all;
    all.push_back(containers_driver(seam.life(), seam.at_call, machine(), compiler_, key_, place,
                                    [this](const std::string& call) { hear(call); }));
    all.push_back(std::make_unique<StateFileDriver>(place.host));
    return all;
  });
}

void ContainersScene::enter(Story& story) {
  story_ = &story;
  story.ask_for(stack_sections());
  story.host.on_call = [this](const std::string& call) { hear(call); };
  add_strangers();
  strangers_ = strangers();
  machine().engine().before = [this](const std::string& call) {
    const auto* one = machine().engine().named(call.substr(call.rfind(' ') + 1));
    const bool removed = one && call.starts_with("DELETE");
    is_fenced_ = removed && one->name.starts_with(task_names) && one->state == "created";
    if (auto wrong = removed ? of_last_good(*one) : std::nullopt) heard_ = wrong;
    const bool starts = one && (call.starts_with("POST /containers/start") ||
                                call.starts_with("POST /containers/unpause"));
    if (auto wrong = starts ? of_service(*one) : std::nullopt) heard_ = wrong;
    if (one && call.starts_with("POST /containers/stop") && !is_put_aside(*one) &&
        has_process(*one))
      gave_way_.insert(label_of(*one, docker::label::service));
  };
}

void ContainersScene::add_strangers() {
  auto& engine = machine().engine();
  const Json labels = JsonObject{{docker::label::project, "b"}, {docker::label::service, "web"}};
  engine.add_image("other:1", JsonObject{});
  engine.networks["b_default"] =
      JsonObject{{"Name", "b_default"}, {"Id", "of b"}, {"Labels", labels}};
  engine.volumes["b_data"] = JsonObject{{"Name", "b_data"}, {"Labels", labels}};
  SimulatedContainer one;
  one.id = std::string(64, 'b');
  one.name = "b-web-1";
  one.body = JsonObject{{"Image", "other:1"}, {"Labels", labels}};
  one.image_id = engine.images.back().id;
  one.state = "exited";
  engine.containers[one.id] = one;
}

std::string ContainersScene::strangers() const {
  const auto& engine = machine_->engine();
  std::string all;
  for (const auto& [id, one] : engine.containers)
    if (one.name.starts_with("b-")) all += one.name + one.state + one.image_id;
  for (const auto* things : {&engine.networks, &engine.volumes})
    for (const auto& [name, thing] : *things)
      if (name.starts_with("b_")) all += canonical(thing);
  for (const auto& image : engine.images)
    if (std::ranges::count(image.tags, "other:1") > 0) all += image.id;
  return all;
}

void ContainersScene::hear(const std::string& call) {
  calls_.push_back(call);
  if (std::exchange(is_fenced_, false)) {
    fenced_ = true;
    calls_.back() = std::string(recovered) + call;
  }
  if (call.find(canary) != std::string::npos) heard_ = "a secret was told: " + call;
  if (!call.starts_with("record ")) return;
  calls_.back() = "record current_tag";
  const auto current = story_->memory().current;
  if (const auto tag = call.substr(7); !current || current->tag != tag)
    heard_ = fmt::format("the state file becomes {}, and the ledger has {}", tag,
                         current ? current->tag : "nothing");
}

bool ContainersScene::to_container(const Event& event, Past& past) {
  static const std::array<std::string, 3> services{"db", "web", "worker"};
  ++past.drifted;
  auto* one = machine().serving(services[event.number / 11 % services.size()]);
  if (!one) return true;
  switch (event.what) {
    case What::stop_service:
      if (one->state != "created") one->state = "exited";
      break;
    case What::pause_service:
      if (one->state == "running") one->state = "paused";
      break;
    case What::remove_service:
      taken_away_.insert(label_of(*one, docker::label::service));
      remove(machine(), std::string(one->id));
      break;
    case What::edit_service:
      one->restart_policy = one->restart_policy == "no" ? "always" : "no";
      break;
    case What::rename_service:
      rename(machine(), *one, std::string(renamed) + one->name);
      break;
    default:
      one->networks.erase("a_default");
      one->network_ids.erase("a_default");
      break;
  }
  return true;
}

void ContainersScene::prune(const Event& event, Past& past) {
  const auto goes = [&](const SimulatedContainer& one) {
    if (label_of(one, docker::label::project) != "a") return false;
    if (event.what == What::prune_kept) return one.name.ends_with(".prev");
    const bool task = label_of(one, docker::label::oneoff) == "True";
    return one.state == "exited" && (task || event.what == What::prune_containers);
  };
  std::erase_if(machine().engine().containers, [&](const auto& one) {
    if (!goes(one.second)) return false;
    past.pruned_tasks = past.pruned_tasks || one.second.name.starts_with(task_names);
    return true;
  });
}

bool ContainersScene::done_by_people(const Event& event, Past& past) {
  const bool done = do_by_people(event, past);
  meddled_ = meddled_ || event.what == What::old_script || event.what == What::rename_service ||
             event.what == What::kill_engine;
  // With the last that had it, the database's volume goes to nobody.
  if (done && volumes_in_use().empty()) anonymous_.clear();
  return done;
}

bool ContainersScene::do_by_people(const Event& event, Past& past) {
  const std::string tag = event.tag();
  switch (event.what) {
    case What::turns:
      turn_containers(machine(), event, past);
      return true;
    case What::builds_or_not:
      turn(machine().cannot_build, tag);
      past.did_not_build.insert(tag);
      return true;
    case What::releases_or_not:
      turn(machine().cannot_release, tag);
      past.did_not_release.insert(tag);
      return true;
    case What::stop_service:
    case What::remove_service:
    case What::edit_service:
    case What::pause_service:
    case What::rename_service:
    case What::disconnect_service:
      return to_container(event, past);
    case What::edit_state_file:
      story_->host.current_tag = tag;
      story_->host.hand_written = true;
      // At first contact a state file that says what git asks for is believed, as far as nothing
      // that runs says otherwise: then nobody knows.
      if (!story_->memory().current) {
        scripted_.insert(tag);
        past.told_a_tag = true;
      }
      return true;
    case What::old_script:
      if (!compose_up(machine(), tag, key_, event.number / 7 % 3 == 0)) return true;
      story_->host.current_tag = tag;
      story_->host.hand_written = true;
      scripted_.insert(tag);
      past.scripted = true;
      return true;
    case What::prune_kept:
    case What::prune_task:
    case What::prune_containers:
      prune(event, past);
      return true;
    case What::prune_images:
      past.pruned_images = prune_images(machine()) || past.pruned_images;
      return true;
    case What::retag_image:
      machine().engine().add_image(stack_image(tag), JsonObject{});
      past.pruned_images = true;
      return true;
    case What::kill_engine:
      machine().kill_engine({event.number / 13 % 8, event.number % 2 == 0,
                             event.number / 3 % 2 == 0, Duration(100 * (event.number / 7 % 40))});
      return true;
    default:
      return false;
  }
}

void ContainersScene::calm() {
  machine().spare_engine();
}

void ContainersScene::power_is_lost(Past&) {
  meddled_ = true;
  machine().restart_engine(true);
}

void ContainersScene::ledger_is_lost(Past& past) {
  past.pruned_images = true;  // it cannot know of what it removed since
}

void ContainersScene::done_as_told(const Condition& now) {
  for (auto& [id, one] : machine().engine().containers)
    if (now.next.ends_with("docker stop " + one.name) ||
        now.next.find(fmt::format("docker stop {};", one.name)) != std::string::npos)
      one.state = "exited";
}

void ContainersScene::forget_releases() {
  const auto& released = machine().released;
  if (!forgotten_) forgotten_.emplace(released.begin(), released.end());
}

std::vector<std::string> ContainersScene::lineages() const {
  std::set<std::string> all;
  for (const auto& [id, one] : machine_->engine().containers)
    all.insert(label_of(one, docker::label::lineage));
  all.erase("");
  return {all.begin(), all.end()};
}

std::optional<bool> ContainersScene::was_released(const std::string& tag) const {
  return std::ranges::count(machine_->released, tag) > 0;
}

void ContainersScene::blame(Past& past) const {
  past.has_services = true;
  past.fenced_tasks = fenced_;
  past.interrupted_tasks = past.interrupted_tasks || machine_->interrupted;
  const Condition now = story_->condition();
  const auto is_somebodys = [](const SimulatedContainer& one) {
    return label_of(one, docker::label::lineage).empty() || one.name.starts_with(renamed);
  };
  past.two_of_one = now.reason == "CannotLook" &&
                    now.why.find(" runs as service ") != std::string::npos &&
                    std::ranges::any_of(machine_->engine().containers, [&](const auto& each) {
                      const auto* beside = machine_->running_beside(each.second);
                      return beside && is_somebodys(*beside);
                    });
}

std::optional<std::string> ContainersScene::differs(const docker::Container& wanted) const {
  const auto& engine = machine_->engine();
  const auto* found = machine_->in_place(wanted);
  if (!found) return wanted.name + " is not there";
  const auto& one = *found;
  if (version_of(one.body) != version_of(wanted.config))
    return fmt::format("{} is {}, and {} is wanted", one.name, version_of(one.body),
                       version_of(wanted.config));
  // How it does is another matter: that may change at any time.
  if (one.state != "running" && one.state != "restarting")
    return fmt::format("{} is {}", one.name, one.state);
  const auto policy =
      text_at(member_or_null(member_or_null(wanted.config, "HostConfig"), "RestartPolicy"), "Name");
  if (one.restart_policy != policy)
    return fmt::format("{} has the restart policy {}", one.name, one.restart_policy);
  for (const auto& endpoint : wanted.endpoints)
    if (!one.networks.contains(endpoint.network))
      return fmt::format("{} is not on {}", one.name, endpoint.network);
  const auto image = text_at(wanted.config, "Image");
  const auto named = std::ranges::find_if(engine.images, [&](const SimulatedImage& each) {
    return std::ranges::count(each.tags, image) > 0;
  });
  if (named == engine.images.end() || named->id != one.image_id)
    return fmt::format("{} has another image than {}", one.name, image);
  return std::nullopt;
}

/// Somebody else's has come to serve beside one that served a good version: which of them is to
/// stay is for people to say.
bool ContainersScene::stays_and_is_told(const SimulatedContainer& one) const {
  if (!machine_->verified.contains(version_of(one.body))) return false;
  const auto words = fmt::format("container {} calls itself service ", one.name);
  return std::ranges::any_of(story_->seen().plan.notices,
                             [&](const std::string& notice) { return notice.starts_with(words); });
}

std::optional<std::string> ContainersScene::differs(const std::string& target, bool tidied) const {
  std::set<std::string> names;
  for (const auto& wanted : stack_of(target, key_).containers) {
    if (auto wrong = differs(wanted)) return wrong;
    names.insert(wanted.name);
  }
  for (const auto& [id, one] : machine_->engine().containers)
    // What others made is theirs, and what they renamed may be kept by them.
    if (tidied && !label_of(one, docker::label::lineage).empty() && !names.contains(one.name) &&
        !(one.name.starts_with(renamed) && one.state == "exited") && !stays_and_is_told(one))
      return fmt::format("{} is left, {}", one.name, one.state);
  if (story_->host.current_tag != target)
    return fmt::format("current_tag is {} where {} is wanted", story_->host.current_tag, target);
  return std::nullopt;
}

std::optional<std::string> ContainersScene::declared(const Shown& shown, size_t before) const {
  std::vector<std::string> made(calls_.begin() + static_cast<std::ptrdiff_t>(before), calls_.end());
  std::erase_if(made, [](const std::string& call) { return call.starts_with(recovered); });
  // What others deployed is taken over before there is a plan, its outputs with it.
  if (!made.empty() && !scripted_.empty() && made.front() == "record current_tag")
    made.erase(made.begin());
  return undeclared(made, shown);
}

std::optional<std::string> ContainersScene::stays_at_a_good_one(const Condition& now,
                                                                const Past& past) const {
  const Memory memory = story_->memory();
  if (!memory.current || past.scripted || past.pruned_images) return std::nullopt;
  const std::string& good = memory.current->tag;
  // What could not be supplied, or was not released, is not what runs.
  if (now.reason == "SupplyFailed" || now.reason == "ReleaseFailed")
    for (const std::string service : {"web", "worker"}) {
      // What a person took away is for `run` to put back (Pass::look_after_recorded).
      const auto* one = machine_->serving(service);
      if (one && version_of(one->body) != good)
        return fmt::format("{}, and {} is {}, not {}", now.reason, service, version_of(one->body),
                           good);
    }
  if (now.reason == "VerifyFailed" && !past.disturbed.contains(story_->spec().tag) &&
      story_->seen().plan.to != good)
    return fmt::format("VerifyFailed beside {}: {}", good, now.why);
  return std::nullopt;
}

}  // namespace reconciler::simulation
