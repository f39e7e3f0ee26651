#include "tests/simulation/versions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace reconciler::simulation {
namespace {

Work work_for(Phase phase, std::string verb, ResourceId target, const std::string& tag) {
  Work w;
  w.phase = phase;
  w.calls = {verb + " " + target.name};
  w.input = JsonObject{{"name", target.name}, {"tag", tag}};
  w.verb = std::move(verb);
  w.targets = {std::move(target)};
  return w;
}

/// Zero for what is no number.
std::int64_t number_of(const std::string& attempt) {
  return std::strtoll(attempt.c_str(), nullptr, 10);
}

/// Every ledger counts its attempts from one.
std::string key_of(const Attempt& attempt) {
  return attempt.id + " of " + attempt.lineage;
}

/// As careless programs print what they were started with.
std::string printed(const Variables& variables) {
  const auto found = variables.find("PASSWORD");
  return found == variables.end() ? "no password" : "PASSWORD=" + found->second.value.reveal();
}

std::string image_of(const std::string& service, const std::string& tag) {
  return service + ":" + tag;
}

}  // namespace

Description VersionsDriver::describe() const {
  return {"sim", {"service", "image", "kept"}, {"sim"}, {}, {}};
}

Result<Prepared> VersionsDriver::prepare(const Request& request, const Variables&, Deadline) {
  if (const auto why = host_.cannot_prepare.find(request.tag); why != host_.cannot_prepare.end())
    return failure(why->second);
  const Json& section = member_or_null(request.sections, "sim");
  Prepared prepared;
  prepared.wanted =
      JsonObject{{"tag", request.tag}, {"services", to_json(texts_at(section, "services"))}};
  prepared.digest = canonical(prepared.wanted);
  if (host_.data.backed_up) prepared.steps = data_steps(request.tag);
  if (truth_at(section, "release")) {
    Step step;
    step.name = step.shown = "release";
    step.once = Once::tag;
    step.once_key = request.id.text() + "/release@" + request.tag;
    step.work = work_for(host_.releases_after ? Phase::after : Phase::release, "release",
                         {"sim", "task", "release"}, request.tag);
    step.work.effect = Effect::once;
    prepared.steps.push_back(std::move(step));
  }
  Step check;
  check.name = check.shown = text_at(section, "check");
  check.work = work_for(Phase::verify, "verify", {"sim", "check", check.name}, request.tag);
  check.work.calls.clear();
  prepared.steps.push_back(std::move(check));
  return prepared;
}

Resource VersionsDriver::service(const std::string& name, const std::string& tag) const {
  Resource r;
  r.id = {"sim", "service", name};
  r.ours = true;
  r.desired = tag;
  const auto found = host_.services.find(name);
  if (found == host_.services.end()) {
    r.differences = {{"service", "", name}};
    r.remedies[Aim::match] = {work_for(Phase::change, "start", r.id, tag)};
    return r;
  }
  const Runs& have = found->second;
  r.version = have.tag;
  r.observed = have.tag + (have.edited ? " edited" : "") + (have.up ? "" : " stopped") +
               (have.left_behind ? " left behind" : "");
  if (have.tag != tag)
    r.differences.push_back({"image", image_of(name, have.tag), image_of(name, tag)});
  if (have.edited) r.differences.push_back({"environment", "", ""});
  if (have.left_behind) r.differences.push_back({"namespace of backend", "", ""});
  if (!have.up) r.differences.push_back({"state", "stopped", "running"});
  if (have.tag != tag || have.edited)
    r.remedies[Aim::match] = {work_for(Phase::change, "switch", r.id, tag),
                              work_for(Phase::prune, "prune", {"sim", "kept", name}, tag)};
  else if (!have.up || have.left_behind)
    r.remedies[Aim::match] = {work_for(Phase::change, "start", r.id, tag)};
  for (auto& [aim, works] : r.remedies)
    works.front().needs = {{"sim", "image", image_of(name, tag)}};
  return r;
}

void VersionsDriver::add_artifacts(const Json& wanted, const Memory& memory,
                                   Observation& into) const {
  const std::string tag = text_at(wanted, "tag");
  for (const auto& name : texts_at(wanted, "services")) {
    Resource r;
    r.id = {"sim", "image", image_of(name, tag)};
    r.artifact = r.ours = true;
    r.inputs = "of " + tag;
    r.desired = "there";
    if (host_.images.contains(r.id.name)) r.observed = r.desired;
    r.reason = "not on the host";
    if (r.observed.empty()) {
      r.differences = {{"image", "", r.id.name}};
      // A version that comes from its records is never built.
      if (!truth_at(wanted, "recorded"))
        r.remedies[Aim::match] = {work_for(Phase::supply, "build", r.id, tag)};
    }
    into.resources.push_back(std::move(r));
  }
  for (const auto& [id, outdated] : memory.outdated) {
    if (!host_.images.contains(id.name)) continue;
    Resource r;
    r.id = id;
    r.artifact = r.ours = true;
    r.observed = "there";
    r.differences = {{"image", "there", "removed"}};
    r.remedies[Aim::remove] = {work_for(Phase::prune, "prune", id, "")};
    into.resources.push_back(std::move(r));
  }
}

Result<Observation> VersionsDriver::observe(const EnvironmentId&, const Json& wanted,
                                            const Memory& memory, const Variables&, Deadline) {
  if (auto ours = owned(memory); !ours) return failed(ours);
  if (const auto why = host_.cannot_observe.find(text_at(wanted, "tag"));
      why != host_.cannot_observe.end())
    return failure(why->second);
  Observation seen;
  const std::string tag = text_at(wanted, "tag");
  for (const auto& name : texts_at(wanted, "services")) {
    seen.resources.push_back(service(name, tag));
    const auto have = host_.services.find(name);
    const bool is_made = have == host_.services.end() || have->second.tag != tag;
    if (is_made && truth_at(wanted, "recorded") && !host_.images.contains(image_of(name, tag)))
      return failure(error("image.gone", fmt::format("image {} is gone", image_of(name, tag))));
  }
  for (const auto& [name, kept] : host_.kept) {
    const auto& have = host_.services.at(name);
    if (have.tag != tag || have.edited) continue;  // the switch's own remedy takes it away
    Resource r;
    r.id = {"sim", "kept", name};
    r.observed = kept;
    r.ours = true;
    r.differences = {{"container", "kept", "removed"}};
    r.remedies[Aim::remove] = {work_for(Phase::prune, "prune", r.id, tag)};
    seen.resources.push_back(std::move(r));
  }
  add_artifacts(wanted, memory, seen);
  return seen;
}

Status VersionsDriver::owned(const Memory& memory) const {
  const auto check = [&](const std::string& lineage, std::int64_t attempt) -> Status {
    if (lineage == memory.lineage && attempt > memory.newest_attempt)
      return failure(error("ledger.behind", fmt::format("attempt {} is not known", attempt)));
    if (lineage.empty() || lineage == memory.lineage || host_.adopted.contains(lineage)) return {};
    return failure(error("state.lineage", "it is another's"));
  };
  for (const auto& [name, runs] : host_.services)
    if (auto ours = check(runs.lineage, runs.attempt); !ours) return ours;
  for (const auto& [id, task] : host_.tasks)
    if (auto ours = check(task.lineage, number_of(id)); !ours) return ours;
  return {};
}

/// Another takes its place, or the one that was kept serves again.
void VersionsDriver::change(const std::string& name, const std::string& tag,
                            const Attempt& attempt) {
  auto& serves = host_.services[name];
  const auto kept = host_.kept.find(name);
  if (kept != host_.kept.end() && kept->second == tag)
    host_.kept.erase(kept);
  else if (kept == host_.kept.end() && !serves.tag.empty() && !serves.edited)
    host_.kept[name] = serves.tag;
  serves = {tag, true, false, host_.now(), number_of(attempt.id), attempt.lineage};
  host_.well_since.erase(tag);
}

Result<Outcome> VersionsDriver::release(const Attempt& attempt, const std::string& tag,
                                        Progress& progress) {
  if (host_.refused > 0) {
    --host_.refused;
    return failure(error("release.running", "somebody else runs it").passing());
  }
  auto& task = host_.tasks[key_of(attempt)];
  task.tag = tag;
  task.lineage = attempt.lineage;
  if (auto begun = progress.begun(); !begun) return failed(begun);
  task.started = true;
  host_.data.touch();
  const auto running =
      std::ranges::count_if(host_.tasks, [](const auto& one) { return one.second.runs(); });
  host_.at_once = std::max(host_.at_once, static_cast<size_t>(running));
  if (host_.outlives.contains(tag))
    return Outcome{Fate::running, JsonObject{{"detail", "still runs"}}};
  if (!host_.lives()) return failure(error("sim.gone", "it goes on by itself"));
  return end(task);
}

/// As it ends when nothing is in its way.
Outcome VersionsDriver::end(ReleaseTask& task) {
  if (!task.well) {
    task.well = !host_.cannot_release.contains(task.tag);
    if (*task.well) host_.released.push_back(task.tag);
    if (*task.well) host_.data.release(task.tag);
  }
  if (*task.well) return {Fate::succeeded, JsonObject{}};
  return {Fate::failed, JsonObject{{"exit_code", 1}, {"detail", "no"}}};
}

bool VersionsDriver::well(const std::string& tag) const {
  if (host_.unwell.contains(tag)) return false;
  return std::ranges::all_of(host_.services, [&](const auto& one) {
    const Duration age = std::chrono::duration_cast<Duration>(host_.now() - one.second.since);
    return one.second.up && (host_.well_of_any || one.second.tag == tag) &&
           !(host_.slow.contains(tag) && age < until_well) &&
           !(host_.flaps.contains(tag) && age >= until_unwell);
  });
}

Outcome VersionsDriver::verify(const std::string& tag, const Variables& variables) {
  if (!well(tag)) {
    host_.well_since.erase(tag);
    return {Fate::failed, JsonObject{{"exit_code", 1},
                                     {"detail", "unwell"},
                                     {"lines", JsonArray{Json("with " + printed(variables))}}}};
  }
  const Instant since = host_.well_since.try_emplace(tag, host_.now()).first->second;
  if (host_.now() - since >= stable) host_.verified.insert(tag);
  return {Fate::succeeded, JsonObject{}};
}

Result<Outcome> VersionsDriver::perform(const Attempt& attempt, const Variables& variables,
                                        Progress& progress, std::stop_token) {
  const Work& w = attempt.work;
  const std::string name = text_at(w.input, "name");
  const std::string tag = text_at(w.input, "tag");
  host_.calls.push_back(w.verb + " " + tag);
  host_.on_call(host_.calls.back());
  if (w.verb == "prune" && host_.cannot_remove) return failure(*host_.cannot_remove);
  if (w.verb == "verify") {
    if (const auto why = host_.cannot_verify.find(tag); why != host_.cannot_verify.end())
      return failure(why->second);
    return verify(tag, variables);
  } else if (w.verb == "build") {
    if (host_.cannot_build.contains(tag))
      return failure(error("image.build_failed",
                           fmt::format("{} does not build with {}", name, printed(variables))));
    host_.images.insert(name);
    host_.pruned.erase(name);
  } else if (w.verb == "backup") {
    return back_up(host_.data, w.input, host_.wall());
  } else if (w.verb == "restore") {
    return bring_back(host_.data, w.input, progress, host_.lives);
  } else if (w.verb == "prune" && w.targets[0].kind == "backups") {
    return prune_backups(host_.data, w.input);
  } else if (w.verb == "release") {
    progress.line("as " + printed(variables));
    return release(attempt, tag, progress);
  } else if (w.verb == "prune" && w.targets[0].kind == "image") {
    host_.images.erase(name);
  } else if (w.verb == "prune") {
    host_.kept.erase(name);
  } else if (w.verb == "start" && host_.services.contains(name)) {
    host_.data.touch();
    host_.services[name].up = true;
    host_.services[name].left_behind = false;
    host_.services[name].since = host_.now();
    host_.well_since.erase(tag);
  } else {
    if (host_.cannot_switch.contains(tag))
      return failure(error("sim.conflict", fmt::format("{} of {} cannot be made", name, tag)));
    if (!host_.images.contains(image_of(name, tag)))
      return failure(error("image.missing", "there is no image " + image_of(name, tag)).passing());
    host_.data.touch();
    change(name, tag, attempt);
  }
  return Outcome{Fate::succeeded, JsonObject{}};
}

Result<Outcome> VersionsDriver::recover(const Attempt& attempt, const Variables&, Progress&,
                                        std::stop_token) {
  const auto found = host_.tasks.find(key_of(attempt));
  if (found == host_.tasks.end()) return Outcome{Fate::not_started, {}};
  if (found->second.interrupted) return Outcome{Fate::unknown, {}};
  if (found->second.started) return end(found->second);
  host_.tasks.erase(found);
  host_.fenced = true;
  return Outcome{Fate::not_started, JsonObject{{"found", true}}};
}

Result<SealedRecords> VersionsDriver::snapshot(const EnvironmentId&, const Json&, Deadline) {
  return SealedRecords{};
}

Result<Prepared> VersionsDriver::restore(const Recorded& recorded, Deadline) {
  if (host_.cannot_restore.contains(recorded.tag))
    return failure(error("image.gone", "an image of " + recorded.tag + " is gone"));
  if (recorded.complete)
    for (const auto& name : texts_at(recorded.wanted, "services"))
      if (!host_.images.contains(image_of(name, recorded.tag)))
        return failure(error("image.gone", image_of(name, recorded.tag) + " is gone"));
  Prepared prepared;
  prepared.wanted = recorded.wanted;
  prepared.wanted.as_object()["recorded"] = true;
  prepared.steps = recorded.steps;
  return prepared;
}

}  // namespace reconciler::simulation
