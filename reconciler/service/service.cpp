#include "reconciler/service/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "reconciler/apply/failures.hpp"
#include "reconciler/asked.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/manifest/served.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
/// After a pass: what it did itself is heard by then, and what goes on and on is not all looked at.
constexpr Duration after_a_pass{1s};
/// How long one that looks holds up the others.
constexpr Duration quick{500ms};
constexpr Duration no_lane_again{1s};

bool is_broken(const Manifests& all, const EnvironmentId& id) {
  return std::ranges::any_of(all.broken, [&](const Broken& one) {
    return one.application == id.application &&
           (one.environment.empty() || one.environment == id.environment);
  });
}

}  // namespace

Service::Service(Parts parts, Lanes::MakeDrivers make_drivers, Log& log)
    : parts_(std::move(parts)),
      log_(log),
      configs_(parts_, log, wake_),
      asking_([] { return std::make_unique<Drivers>(); }, {.kept = 0}, [] {}),
      lanes_(std::move(make_drivers), {}, [this] { wake_(); }) {}

void Service::take_up(const std::stop_token& stop) {
  const auto from = configs_.snapshots();
  Manifests all = served(configs_.manifests(), parts_.host);
  std::set<EnvironmentId> asked;
  for (auto& spec : all.environments) {
    asked.insert(spec.id);
    const Snapshot& snapshot = *from.at(spec.id);
    ask(snapshot, std::move(spec), stop);
  }
  // A mistake in what is asked for is none of what runs.
  for (auto& [id, place] : places_)
    if (!asked.contains(id) && is_broken(all, id)) {
      asked.insert(id);
      look_after_recorded(id, place);
    }
  if (asked.size() != serving_)
    log_.info(fmt::format("serving {}", count(asked.size(), "environment")));
  serving_ = asked.size();
  // Who vanished from git: what runs runs on, nothing is done about it.
  for (auto place = places_.begin(); place != places_.end();) {
    const auto here = place++;
    if (asked.contains(here->first) || here->second.gone) continue;
    log_.warn(fmt::format("{}: not asked for any more; left as it is", here->first.text()));
    if (here->second.pass)
      here->second.gone = true;
    else
      places_.erase(here);
  }
}

void Service::look_after_recorded(const EnvironmentId& id, Place& place) {
  if (!place.asked || place.asked->recorded) return;
  log_.warn(fmt::format("{}: what git asks for cannot be read; what was recorded is looked after",
                        id.text()));
  place.asked->recorded = true;
  place.wish.clear();  // once it can be read, it is something newer
}

void Service::ask(const Snapshot& snapshot, EnvironmentSpec spec, const std::stop_token& stop) {
  // Each backs off in a rhythm of its own.
  Place& place =
      places_.try_emplace(spec.id, std::hash<std::string>{}(spec.id.text())).first->second;
  const std::string wish = asked_of(spec);
  const bool by_manifest = wish != place.wish;
  const bool newer = by_manifest || (place.asked && place.asked->config.commit != snapshot.commit &&
                                     spec.source.kind != Source::Kind::repository);
  place.gone = false;
  place.wish = wish;
  Snapshot own = of_folder(snapshot, spec.folder);
  place.asked = Asked{std::move(spec), std::move(own), true};
  if (!newer) return;
  // It ends every wait and back-off at once.
  place.due = parts_.clock.now();
  place.backoff.reset();
  place.tidying.reset();
  place.tidy_after = Instant{};
  place.said.clear();
  if (!place.pass) return;
  place.newer = true;
  supersede(place, by_manifest, stop);
}

void Service::supersede(Place& place, bool by_manifest, const std::stop_token& stop) {
  if (by_manifest) return place.pass->supersede();
  // Another commit of the same repository: whether it asks for something else shows in its tree.
  const auto asks = [this, pass = place.pass, asked = *place.asked, stop](const Drivers&) {
    auto tree = source_tree(asked.spec, parts_.host, asked.config, parts_.state, {.fetch = false},
                            parts_.helper, parts_.clock, stop);
    if (!tree) return;  // the next pass says why
    const auto digest = asked_of(asked.spec, *tree);
    if (digest && !pass->works_for(*digest)) pass->supersede();
  };
  // Where that cannot be asked now, what is newer is next when the pass has ended.
  (void)asking_.begin(asks);
}

void Service::heard(const Heard& what) {
  {
    const std::lock_guard lock(mutex_);
    heard_.push_back(what);
  }
  wake_();
}

void Service::take_up_heard() {
  std::vector<Heard> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(heard_);
  }
  for (const auto& what : all) {
    if (!what.of) {
      for (auto& [id, place] : places_) wake(place, what);
    } else if (const auto place = places_.find(*what.of); place != places_.end()) {
      wake(place->second, what);
    }
  }
}

void Service::wake(Place& place, const Heard& what) {
  place.beside = place.beside || what.beside;
  if (place.pass) {
    place.woken = true;
    if (what.beside) place.pass->disturb();
    return;
  }
  // What is tried again makes itself heard each time: that ends no back-off. What somebody started
  // beside it does: it is not to run on until the next try.
  if (what.of && !what.beside && place.backoff.failures() > 0) return;
  place.due = std::min(place.due, std::max(parts_.clock.now(), place.looked + after_a_pass));
}

void Service::begin(const EnvironmentId& id, Place& place, const std::stop_token& stop) {
  const Instant now = parts_.clock.now();
  const auto pass = std::make_shared<Pass>(
      *place.asked, now, place.beside,
      Pass::Tries{place.tidy_after <= now, place.backup_after <= now}, place.unwell_since);
  const auto work = [this, id, pass, stop](const Drivers& drivers) {
    const Parts own{parts_.ledger, drivers,      parts_.helper,   parts_.clock,
                    parts_.host,   parts_.state, parts_.providers};
    auto done = pass->run(
        own, log_, [this] { wake_(); }, stop);
    const std::lock_guard lock(mutex_);
    ended_.emplace_back(id, std::move(done));
  };
  if (auto begun = lanes_.begin(work); !begun) {
    place.due = parts_.clock.now() + no_lane_again;
    return tell(place,
                fmt::format("{}: {}: {}", id.text(), begun.error().code, begun.error().message));
  }
  place.pass = pass;
  place.beside = false;
}

Instant Service::looks_until() const {
  Instant until{};
  for (const auto& [id, place] : places_)
    if (place.pass && !place.pass->performing())
      until = std::max(until, place.pass->began() + quick);
  return until;
}

void Service::begin_due(const std::stop_token& stop) {
  const Instant now = parts_.clock.now();
  while (!stop.stop_requested() && lanes_.free() && looks_until() <= now) {
    auto first = places_.end();
    for (auto place = places_.begin(); place != places_.end(); ++place)
      if (!place->second.pass && place->second.due <= now &&
          (first == places_.end() || place->second.due < first->second.due))
        first = place;
    if (first == places_.end()) return;
    begin(first->first, first->second, stop);
  }
}

void Service::take_up_ended() {
  std::vector<std::pair<EnvironmentId, Result<Reconciled>>> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(ended_);
  }
  for (const auto& [id, done] : all) {
    const auto place = places_.find(id);
    ended(id, place->second, done);
    if (place->second.gone) places_.erase(place);
  }
}

void Service::ended(const EnvironmentId& id, Place& place, const Result<Reconciled>& done) {
  const Instant now = parts_.clock.now();
  const bool looks_on = place.pass && place.pass->looks_on();
  if (place.pass && place.pass->backed_up()) backed_up(id, place, *place.pass->backed_up());
  place.pass.reset();
  place.looked = now;
  place.due = now + (looks_on ? std::min(parts_.host.look, between_looks_on) : parts_.host.look);
  if (!done) {
    later(id, place, done.error());
  } else {
    place.backoff.reset();
    if (done->changed) place.tidying.reset();
    if (done->changed)
      log_.info(
          fmt::format("{}: runs {} after {}", id.text(), done->plan.to, for_people(done->took)));
    const Plan& plan = done->plan;
    if (!plan.taken_over.empty())
      log_.info(fmt::format("{}: taken over: {}", id.text(), plan.taken_over));
    if (plan.suspended && plan.suspended->until)
      place.due = std::min<Instant>(
          place.due, now + std::max(0s, *plan.suspended->until - parts_.clock.wall()));
    if (plan.waits() || !plan.reported.empty()) {
      const Condition waits = condition_of(plan, std::nullopt);
      tell(place, fmt::format("{}: {}/{}: {}; next: {}", id.text(), waits.word, waits.reason,
                              waits.why, waits.next));
    } else {
      place.said.clear();
    }
  }
  if (place.newer || place.beside) {
    place.due = now;
    place.backoff.reset();
  } else if (place.woken && place.backoff.failures() == 0) {
    place.due = std::min(place.due, now + after_a_pass);
  }
  place.newer = place.woken = false;
}

void Service::backed_up(const EnvironmentId& id, Place& place, const Status& done) {
  if (done || done.error().code == "apply.stopped" || done.error().code == "apply.superseded")
    return place.backing_up.reset();
  const Duration wait = std::max(parts_.host.look, place.backing_up.next());
  place.backup_after = parts_.clock.now() + wait;
  log_.warn(fmt::format("{}: {}: {}; again in {}", id.text(), done.error().code,
                        done.error().message, for_people(wait)));
}

void Service::later(const EnvironmentId& id, Place& place, const Error& why) {
  if (why.code == "apply.stopped") return;
  if (why.code == "apply.superseded") {
    if (!place.newer) {
      // By what another process was told: git is asked at once.
      configs_.hurry();
      place.due = parts_.clock.now() + place.backoff.next();
    }
    return log_.info(fmt::format("{}: {}: {}", id.text(), why.code, why.message));
  }
  if (why.code == "prune.failed") {
    // What is asked for runs: it is looked at as before, and only the removal waits.
    const Duration wait = std::max(parts_.host.look, place.tidying.next());
    place.tidy_after = parts_.clock.now() + wait;
    place.backoff.reset();
    log_.warn(
        fmt::format("{}: {}: {}; again in {}", id.text(), why.code, why.message, for_people(wait)));
    return;
  }
  if (why.code == "lock.held") {
    // By the same holder as long as it takes: that is said once.
    place.due = parts_.clock.now() + place.backoff.next();
    const auto by = std::ranges::find(why.facts, "holder", &Fact::label);
    return tell(place,
                fmt::format("{}: {}: {}{}; tried again until it has ended", id.text(), why.code,
                            why.message, by == why.facts.end() ? "" : ": " + by->text));
  }
  if (why.code == "variables.provider") {
    // It rests by itself when it has failed; what runs is looked after as before.
    place.backoff.reset();
    return tell(place, fmt::format("{}: {}: {}; again in {}", id.text(), why.code, why.message,
                                   for_people(parts_.host.look)));
  }
  if (why.lasting == Lasting::transient || why.code == "plan.stale") {
    const Duration wait = place.backoff.next();
    place.due = parts_.clock.now() + wait;
    log_.warn(
        fmt::format("{}: {}: {}; again in {}", id.text(), why.code, why.message, for_people(wait)));
    return;
  }
  // What failed for good is not tried again by itself: it waits for another wish, or a person.
  place.backoff.reset();
  tell(place,
       fmt::format("{}: {}: {}: {}; next: {}", id.text(),
                   is_gone_back(why) ? "RolledBack" : "Stalled", why.code, why.message, why.hint));
}

void Service::tell(Place& place, std::string text) {
  if (place.said == text) return;
  log_.warn(text);
  place.said = std::move(text);
}

Instant Service::next() const {
  const Instant now = parts_.clock.now();
  Instant next = std::min(now + parts_.host.look, configs_.due());
  // Where all lanes are taken, the end of one is waited for.
  const Instant soonest = lanes_.free() ? looks_until() : now + parts_.host.look;
  for (const auto& [id, place] : places_)
    if (!place.pass) next = std::min(next, std::max(place.due, soonest));
  return next;
}

bool Service::idle() const {
  return !configs_.asking() &&
         std::ranges::none_of(places_, [](const auto& one) { return bool{one.second.pass}; });
}

void Service::quiet() {
  quiet_asking();
  lanes_.quiet();
}

void Service::quiet_asking() {
  configs_.quiet();
  asking_.quiet();
}

Instant Service::step(std::stop_token stop) {
  configs_.ask(stop);
  if (configs_.take_up()) take_up(stop);
  take_up_ended();
  take_up_heard();
  begin_due(stop);
  return next();
}

}  // namespace reconciler
