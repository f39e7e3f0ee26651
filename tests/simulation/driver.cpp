#include "tests/simulation/driver.hpp"

#include <algorithm>

namespace reconciler::simulation {
namespace {

ResourceId service_id(const std::string& name) {
  return {"sim", "service", name};
}
ResourceId image_id(const std::string& name) {
  return {"sim", "image", name};
}

std::string print(const SimService& s) {
  return s.image + "|" + s.config;
}

Work work(Phase phase, std::string verb, ResourceId target, std::string expects) {
  Work w;
  w.phase = phase;
  w.calls = {verb + " " + target.name};
  w.input = JsonObject{{"name", target.name}};
  w.verb = std::move(verb);
  w.targets = {std::move(target)};
  w.expects = std::move(expects);
  return w;
}

}  // namespace

Description SimDriver::describe() const {
  return {"sim", {"service", "image", "kept", "file"}, {}, {}, {}};
}

Result<Prepared> SimDriver::prepare(const Request& request, const Variables&, Deadline) {
  Prepared prepared;
  prepared.wanted = JsonObject{{"tag", wanted_.tag}};
  prepared.digest = wanted_.tag;
  for (const auto& [name, s] : wanted_.services) prepared.digest += ";" + name + "=" + print(s);
  for (const auto& name : wanted_.required) prepared.required.insert(service_id(name));
  if (wanted_.has_release) {
    Step step;
    step.name = step.shown = "release";
    step.once = Once::tag;
    step.once_key = request.id.text() + "/release/" + request.tag;
    step.work = work(Phase::release, "release", {"sim", "task", "release"}, "");
    step.work.effect = Effect::once;
    prepared.steps.push_back(std::move(step));
  }
  Step check;
  check.name = check.shown = "services";
  check.work = work(Phase::verify, "verify", {"sim", "check", "services"}, "");
  check.work.calls.clear();
  prepared.steps.push_back(std::move(check));
  return prepared;
}

Resource SimDriver::image(const std::string& name) const {
  Resource r;
  r.id = image_id(name);
  r.desired = "present";
  r.observed = host_.images.contains(name) ? "present" : "";
  r.reason = "not on the host";
  if (r.observed.empty()) {
    r.differences = {{"image", "", name}};
    r.remedies[Aim::match] = {work(Phase::supply, "build", r.id, "")};
  }
  return r;
}

Resource SimDriver::service(const std::string& name, const SimService& want) const {
  Resource r;
  r.id = service_id(name);
  r.ours = true;
  r.desired = print(want);
  const auto found = host_.services.find(name);
  std::vector<ResourceId> needs{image_id(want.image)};
  if (const auto on = wanted_.needs.find(name); on != wanted_.needs.end())
    for (const auto& other : on->second) needs.push_back(service_id(other));
  if (found == host_.services.end()) {
    r.differences = {{"service", "", name}};
    r.reason = "not there";
    Work create = work(Phase::change, "start", r.id, "");
    create.needs = needs;
    r.remedies[Aim::match] = {create};
    create.phase = Phase::start;
    r.remedies[Aim::run] = {create};
    return r;
  }
  const SimService& have = found->second;
  r.health = have.healthy ? Health::well : Health::unwell;
  r.observed = have.running ? print(have) : "stopped|" + print(have);
  if (have.image != want.image) r.differences.push_back({"image", have.image, want.image});
  if (have.config != want.config) r.differences.push_back({"config", have.config, want.config});
  const bool changed = !r.differences.empty();
  if (!have.running) r.differences.push_back({"state", "stopped", "running"});
  if (!have.running) r.remedies[Aim::run] = {work(Phase::start, "start", r.id, r.observed)};
  if (changed) {
    Work change = work(Phase::change, "switch", r.id, r.observed);
    change.needs = needs;
    change.anew = {r.id};
    r.remedies[Aim::match] = {change, work(Phase::prune, "prune", {"sim", "kept", name}, "")};
  } else if (!have.running) {
    r.remedies[Aim::match] = {work(Phase::change, "start", r.id, r.observed)};
  }
  return r;
}

Resource SimDriver::file(const std::string& name, const std::string& content) const {
  Resource r;
  r.id = {"sim", "file", name};
  r.desired = content;
  const auto found = host_.files.find(name);
  r.observed = found == host_.files.end() ? "" : found->second;
  if (r.desired != r.observed) {
    r.differences = {{name, r.observed, r.desired}};
    Work write = work(Phase::record, "record", r.id, r.observed);
    write.input = JsonObject{{"name", name}, {"content", content}};
    r.remedies[Aim::match] = {write};
  }
  return r;
}

Result<Observation> SimDriver::observe(const EnvironmentId&, const Json&, const Memory&,
                                       const Variables&, Deadline) {
  Observation seen;
  std::set<std::string> images;
  for (const auto& [name, want] : wanted_.services) {
    images.insert(want.image);
    seen.resources.push_back(service(name, want));
  }
  for (const auto& name : images) seen.resources.push_back(image(name));
  for (const auto& [name, kept] : host_.kept) {
    // One that the switch of this plan will leave is pruned by the switch's own remedy.
    const auto want = wanted_.services.find(name);
    const auto have = host_.services.find(name);
    if (want != wanted_.services.end() && have != host_.services.end() &&
        print(want->second) != print(have->second))
      continue;
    Resource r;
    r.id = {"sim", "kept", name};
    r.observed = print(kept);
    r.ours = true;
    r.differences = {{"kept", name, ""}};
    r.remedies[Aim::remove] = {work(Phase::prune, "prune", r.id, "")};
    seen.resources.push_back(std::move(r));
  }
  seen.resources.push_back(file("current_tag", wanted_.tag));
  return seen;
}

Outcome SimDriver::run_release(const Attempt& attempt) {
  host_.release_table.push_back("start " + wanted_.tag);
  host_.tasks.push_back({attempt.id, false, wanted_.release_fails ? 1 : 0});
  if (wanted_.release_fails) return {Fate::failed, JsonObject{{"exit_code", 1}}};
  host_.release_table.push_back("done " + wanted_.tag);
  return {Fate::succeeded, JsonObject{{"exit_code", 0}}};
}

Result<Outcome> SimDriver::perform(const Attempt& attempt, const Variables&, Progress&,
                                   std::stop_token) {
  const Work& w = attempt.work;
  const std::string name = text_at(w.input, "name");
  const std::lock_guard lock(supplying_);
  if (w.verb == "verify") {
    const bool well = std::all_of(host_.services.begin(), host_.services.end(), [&](const auto& s) {
      const bool excused =
          std::ranges::find(attempt.excused, service_id(s.first)) != attempt.excused.end();
      return !wanted_.services.contains(s.first) || excused ||
             (s.second.running && s.second.healthy);
    });
    return Outcome{well ? Fate::succeeded : Fate::failed,
                   JsonObject{{"detail", well ? "" : "unwell"}}};
  }
  if (w.verb == "build" && wanted_.build_fails)
    return failure(error("image.build_failed", "cannot build " + name));
  host_.calls.push_back(w.verb + " " + name);
  if (w.verb == "release") return run_release(attempt);
  if (w.verb == "build") host_.images.insert(name);
  if (w.verb == "prune") host_.kept.erase(name);
  if (w.verb == "record") host_.files[name] = text_at(w.input, "content");
  if (w.verb == "start" && host_.services.contains(name)) {
    host_.services[name].running = host_.services[name].healthy = true;
  } else if (w.verb == "start" || w.verb == "switch") {
    const SimService want = wanted_.services.at(name);
    if (!host_.images.contains(want.image))
      return failure(error("image.missing", "there is no image " + want.image).passing());
    if (const auto old = host_.services.find(name);
        old != host_.services.end() && !host_.kept.contains(name))
      host_.kept[name] = old->second;
    host_.services[name] = {want.image, want.config, true, true};
  }
  return Outcome{Fate::succeeded, {}};
}

Result<Outcome> SimDriver::recover(const Attempt& attempt, const Variables&, Progress&,
                                   std::stop_token) {
  for (const auto& task : host_.tasks)
    if (task.attempt == attempt.id)
      return Outcome{task.exit_code == 0 ? Fate::succeeded : Fate::failed,
                     JsonObject{{"exit_code", task.exit_code}}};
  return Outcome{Fate::not_started, {}};
}

}  // namespace reconciler::simulation
