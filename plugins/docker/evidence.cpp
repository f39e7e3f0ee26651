#include "plugins/docker/evidence.hpp"

#include <fmt/format.h>

#include "plugins/docker/tasks/incarnation.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration look_time = std::chrono::seconds(30);

/// Work that tells how well a version does. Of once-only work its own recovery knows more, and what
/// is only removed speaks of none.
bool tells_of_version(const Work& work) {
  return work.effect != Effect::once &&
         (work.phase == Phase::change || work.phase == Phase::after || work.phase == Phase::verify);
}

/// It would be taken as the version's own fault.
bool is_against_it(const Result<Outcome>& outcome) {
  if (outcome) return outcome->fate == Fate::failed || outcome->fate == Fate::unknown;
  const Error& why = outcome.error();
  return why.lasting == Lasting::terminal || !why.code.starts_with("docker.");
}

}  // namespace

void Evidence::looked(const EnvironmentId& id) {
  const std::lock_guard lock(mutex_);
  under_.erase(id);
}

Status Evidence::begins(Context& context, const EnvironmentId& id) {
  const std::lock_guard lock(mutex_);
  if (under_.contains(id)) return {};
  auto now = incarnation(context, context.within(look_time));
  if (!now) return failed(now);
  under_[id] = std::move(*now);
  return {};
}

Result<Outcome> Evidence::weighed(Context& context, const Attempt& attempt,
                                  Result<Outcome> outcome) const {
  if (!tells_of_version(attempt.work) || !is_against_it(outcome)) return outcome;
  const std::lock_guard lock(mutex_);
  const auto under = under_.find(attempt.environment);
  if (under == under_.end()) return outcome;
  auto now = incarnation(context, context.within(look_time));
  if (!now) return failed(now);
  if (*now == under->second) return outcome;
  return failure(
      error("plan.stale",
            fmt::format("the Engine was stopped or started anew since {} was looked at; what that "
                        "did to its containers says nothing of the version",
                        attempt.environment.text()))
          .next(fmt::format("reconciler apply {}, which plans again; run does so by itself",
                            attempt.environment.text()))
          .passing());
}

}  // namespace reconciler::docker
