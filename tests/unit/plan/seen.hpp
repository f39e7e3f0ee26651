// One environment whose v1.1.0 was recorded, and things of it as a driver sees them.
#pragma once

#include <string>

#include "reconciler/plan/planner.hpp"

namespace reconciler {

inline ResourceId service(const std::string& name) {
  return {"compose", "service", name};
}
inline ResourceId image(const std::string& name) {
  return {"compose", "image", name};
}

inline Resource as_it_should_be(const std::string& name) {
  Resource r;
  r.id = service(name);
  r.desired = r.observed = "as it should be";
  r.ours = true;
  return r;
}

inline Work work_on(const Resource& r, Phase phase, std::string verb) {
  Work w;
  w.phase = phase;
  w.verb = std::move(verb);
  w.targets = {r.id};
  return w;
}

/// Another takes its place.
inline Resource changed(const std::string& name, Difference how) {
  Resource r = as_it_should_be(name);
  r.observed = "other";
  r.differences = {std::move(how)};
  Work work = work_on(r, Phase::change, "switch");
  work.anew = {r.id};
  r.remedies[Aim::match] = {std::move(work)};
  return r;
}

inline Resource stopped(const std::string& name) {
  Resource r = as_it_should_be(name);
  r.observed = "stopped";
  r.differences = {{"state", "exited 137", "running"}};
  r.remedies[Aim::run] = {work_on(r, Phase::start, "start")};
  r.remedies[Aim::match] = {work_on(r, Phase::change, "start")};
  return r;
}

inline Resource missing(const std::string& name) {
  Resource r = as_it_should_be(name);
  r.observed.clear();
  r.remedies[Aim::match] = {work_on(r, Phase::change, "start")};
  return r;
}

inline Resource edited_state_file() {
  Resource r;
  r.id = {"files", "file", "current_tag"};
  r.desired = "v1.1.0";
  r.observed = "v0.9.0";
  r.differences = {{"current_tag", "v0.9.0", "v1.1.0"}};
  r.remedies[Aim::match] = {work_on(r, Phase::record, "record")};
  return r;
}

inline Desired wanted() {
  Desired d;
  d.id = {"web", "production"};
  d.tag = "v1.1.0";
  d.commit = "c0ffee";
  d.config_commit = "4be1d07aaaaaaaa";
  d.config_subject = "a change";
  d.digest = "digest of v1.1.0";
  Step check;
  check.name = check.shown = "2 services";
  check.work.phase = Phase::verify;
  check.work.verb = "verify";
  check.work.targets = {{"compose", "task", "services"}};
  d.steps = {check};
  return d;
}

inline Memory recorded(const std::string& tag) {
  Memory m;
  m.lineage = "lineage";
  m.current = Release{tag, "c0ffee", "digest of " + tag, {}};
  m.kept = true;
  m.changed_to = tag + "@c0ffee";
  return m;
}

inline Plan plan_of(std::vector<Resource> resources, const Desired& desired, const Memory& memory,
                    WallTime now = {}) {
  Observation seen;
  seen.resources = std::move(resources);
  return make_plan(desired, seen, memory, now);
}

}  // namespace reconciler
