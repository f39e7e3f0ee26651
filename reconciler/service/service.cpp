#include "reconciler/service/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "reconciler/asked.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/manifest/served.hpp"
#include "reconciler/service/log_events.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration look_again{60s};
constexpr Duration fetch_within{60s};

}  // namespace

void Service::read(const Repository& repository, const Snapshot& snapshot) {
  auto manifests = read_manifests(snapshot.folder, root_name_of(repository));
  if (!manifests) {
    log_.warn(fmt::format("{}: {}", repository.name, manifests.error().message));
    return;
  }
  Config& config = configs_[repository.name];
  if (config.snapshot.commit != snapshot.commit)
    for (const auto& mistake : manifests->mistakes())
      log_.warn(fmt::format("{}:{}: {}: {}", mistake.place.file, mistake.place.line, mistake.code,
                            mistake.message));
  config = {snapshot, std::move(*manifests)};
}

void Service::take_up() {
  std::vector<Manifests> read;
  std::map<EnvironmentId, Snapshot> from;
  for (const auto& [name, config] : configs_) {
    for (const auto& spec : config.manifests.environments) from[spec.id] = config.snapshot;
    read.push_back(config.manifests);
  }
  std::set<EnvironmentId> asked;
  for (auto& spec : served(std::move(read), parts_.host).environments) {
    asked.insert(spec.id);
    const Snapshot& snapshot = from.at(spec.id);
    ask(snapshot, std::move(spec));
  }
  if (asked.size() != serving_)
    log_.info(fmt::format("serving {}", count(asked.size(), "environment")));
  serving_ = asked.size();
  // Who vanished from git or cannot be read any more: what runs runs on, nothing is done about it.
  for (auto place = places_.begin(); place != places_.end();) {
    if (asked.contains(place->first)) {
      ++place;
      continue;
    }
    log_.warn(fmt::format("{}: not asked for any more, or not readable; left as it is",
                          place->first.text()));
    place = places_.erase(place);
  }
}

void Service::ask(const Snapshot& snapshot, EnvironmentSpec spec) {
  // Each backs off in a rhythm of its own.
  Place& place =
      places_.try_emplace(spec.id, std::hash<std::string>{}(spec.id.text())).first->second;
  const std::string wish = asked_of(spec);
  const bool newer =
      wish != place.wish || (place.asked && place.asked->config.commit != snapshot.commit &&
                             spec.source.kind != Source::Kind::repository);
  if (newer) {  // ends every wait and back-off at once
    place.due = parts_.clock.now();
    place.backoff.reset();
    place.said.clear();
  }
  place.wish = wish;
  place.asked = Asked{std::move(spec), snapshot, true};
}

void Service::fetch(const Repository& repository, std::stop_token stop) {
  Mirror mirror(parts_.state, repository, MirrorOf::config, parts_.helper, parts_.clock);
  auto snapshot = mirror.fetch(fetch_within, std::move(stop));
  if (!snapshot) {
    log_.warn(fmt::format("{}: {}: {}; works on from the last fetch", repository.name,
                          snapshot.error().code, snapshot.error().message));
    snapshot = mirror.last();
  }
  if (snapshot) read(repository, *snapshot);
  fetch_due_[repository.name] = parts_.clock.now() + repository.poll;
}

void Service::later(const EnvironmentId& id, Place& place, const Error& why) {
  if (why.code == "apply.stopped") return;
  if (why.lasting == Lasting::transient || why.code == "plan.stale" || why.code == "lock.held") {
    const Duration wait = place.backoff.next();
    place.due = parts_.clock.now() + wait;
    log_.warn(
        fmt::format("{}: {}: {}; again in {}", id.text(), why.code, why.message, for_people(wait)));
    return;
  }
  // What failed for good is not tried again by itself: it waits for another wish, or a person.
  place.due = parts_.clock.now() + look_again;
  const auto memory = parts_.ledger.memory(id);
  const bool back = memory && memory->target && why.code != "rollback.failed";
  tell(place, fmt::format("{}: {}: {}: {}; next: {}", id.text(), back ? "RolledBack" : "Stalled",
                          why.code, why.message, why.hint));
}

void Service::tell(Place& place, std::string text) {
  if (place.said == text) return;
  log_.warn(text);
  place.said = std::move(text);
}

void Service::reconcile_one(const EnvironmentId& id, Place& place, std::stop_token stop) {
  const auto agree = [&](const Look& seen) -> Result<bool> {
    const auto last = parts_.ledger.last_run(id);
    const Condition condition = condition_of(seen.plan, last ? *last : std::nullopt);
    if (condition.word != "Reconciling") return false;
    log_.info(fmt::format("{}: plan {}: {} -> {}", id.text(), seen.plan.id.substr(0, 6),
                          seen.plan.from, seen.plan.to));
    return true;
  };
  LogEvents events(log_, id);
  auto done = reconcile(parts_, *place.asked, "run", agree, events, std::move(stop));
  if (!done) return later(id, place, done.error());
  place.backoff.reset();
  place.due = parts_.clock.now() + look_again;
  if (done->changed)
    log_.info(
        fmt::format("{}: runs {} after {}", id.text(), done->plan.to, for_people(done->took)));
  if (const auto& suspended = done->plan.suspended; suspended && suspended->until)
    place.due = std::min<Instant>(
        place.due, parts_.clock.now() + std::max(0s, *suspended->until - parts_.clock.wall()));
  if (!done->plan.waits() && done->plan.reported.empty()) return place.said.clear();
  const Condition waits = condition_of(done->plan, std::nullopt);
  tell(place, fmt::format("{}: {}/{}: {}; next: {}", id.text(), waits.word, waits.reason, waits.why,
                          waits.next));
}

Instant Service::step(std::stop_token stop) {
  bool fetched = false;
  for (const auto& repository : parts_.host.repositories) {
    if (stop.stop_requested()) return parts_.clock.now();
    if (const auto due = fetch_due_.find(repository.name);
        due != fetch_due_.end() && due->second > parts_.clock.now())
      continue;
    fetch(repository, stop);
    fetched = true;
  }
  if (fetched) take_up();
  Instant next = parts_.clock.now() + look_again;
  for (auto& [id, place] : places_) {
    if (stop.stop_requested()) break;
    if (place.due <= parts_.clock.now()) reconcile_one(id, place, stop);
    next = std::min(next, place.due);
  }
  for (const auto& [name, due] : fetch_due_) next = std::min(next, due);
  return next;
}

}  // namespace reconciler
