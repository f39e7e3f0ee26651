#include "reconciler/service/looked_on.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/ask.hpp"
#include "reconciler/apply/failures.hpp"
#include "reconciler/checks_since.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/data_kept.hpp"
#include "reconciler/desire.hpp"
#include "reconciler/ledger/locks.hpp"
#include "reconciler/rollback.hpp"

namespace reconciler {
namespace {

constexpr int least_looks = 3;

/// The version that it replaced, where `on_failure` goes back and it can be gone back to. Of what
/// was changed under the same tag nothing is kept from before, and an older tag is no way back.
Result<std::optional<std::string>> way_back(const Parts& parts, const Asked& asked,
                                            const std::stop_token& stop) {
  if (asked.spec.on_failure == OnFailure::hold) return std::nullopt;
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  if (!memory->watched || !memory->watched->back) return std::nullopt;
  auto all = candidates(parts, asked, stop);
  if (!all) return failed(all);
  const auto before = std::ranges::find(*all, *memory->watched->back, &Candidate::tag);
  if (before == all->end() || !before->blocked.empty()) return std::nullopt;
  return before->tag;
}

/// It is still that version that runs, and nobody has gone back from it, or on to another one. What
/// was gone back to, and failed, holds nothing off.
bool is_still(const LookedOn& unwell, const Memory& memory) {
  return memory.current && memory.current->tag == unwell.tag && !memory.unfinished &&
         (!memory.target || memory.target->rejected_tag.empty());
}

/// Nothing goes back: that it is not well is written down, and a person has to answer.
Status stay_there(const Parts& parts, const Asked& asked, const LookedOn& unwell) {
  const auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, Duration{0}, {}});
  if (!lock) return failure(lock.error());
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  if (!is_still(unwell, *memory)) return {};
  RunStart start;
  start.id = asked.spec.id;
  start.from = start.to = unwell.tag;
  start.desired = unwell.desired;
  start.config_commit = asked.config.commit;
  start.who = "run";
  start.to_be_recorded = false;
  auto run = parts.ledger.begin_run(start);
  if (!run) return failed(run);
  return parts.ledger.end_run(
      *run, {"Stalled", std::string(watch_failed), "verify.failed", unwell.unwell});
}

}  // namespace

Result<std::optional<LookedOn>> look_on(const Parts& parts, const Asked& asked,
                                        const Reconciled& done, const std::stop_token& stop) {
  const Plan& plan = done.plan;
  if (!asked.spec.watch || !plan.empty() || plan.waits() || plan.held) return std::nullopt;
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory || !memory->current || memory->current->tag != plan.to || memory->unfinished)
    return std::nullopt;
  if (!memory->watched || parts.clock.wall() - memory->watched->from >= *asked.spec.watch)
    return std::nullopt;
  // What is unwell with data that was brought back half, or is the wrong one, says nothing of the
  // version.
  if (data_in_doubt(parts.ledger, asked.spec.id)) return std::nullopt;
  const auto last = parts.ledger.last_run(asked.spec.id);
  if (last && is_given_up(*last) && (*last)->to == plan.to) return std::nullopt;
  Asked same = asked;
  same.fetch = false;
  auto wish = desire(parts, same, *memory, stop);
  if (!wish) return failed(wish);
  soften_checks_since(parts.ledger, Ledger::Slot::current, wish->desired);
  const auto& excused = memory->watched->unwell;
  LookedOn seen{plan.to, plan.desired};
  for (const auto& answer : ask_checks(parts.drivers, parts.clock, parts.ledger, wish->desired,
                                       wish->variables, stop, {excused.begin(), excused.end()})) {
    if (stop.stop_requested()) return std::nullopt;
    if (answer.kind != CheckAnswer::Kind::unwell) continue;
    seen.unwell = fmt::format("{} is not well after it was recorded: {}: {}", plan.to, answer.title,
                              answer.said);
    break;
  }
  return seen;
}

Result<Reconciled> fail_looked_on(const Parts& parts, const Asked& asked, const LookedOn& unwell,
                                  const Agree& agree, Events& events, Ends ends) {
  auto back = way_back(parts, asked, ends.stop);
  if (!back) return failed(back);
  Error why = error("verify.failed", unwell.unwell);
  const std::string id = asked.spec.id.text();
  if (!*back) {
    if (auto stays = stay_there(parts, asked, unwell); !stays) return failed(stays);
    return failure(
        std::move(why)
            .with("kept", "all, as it is: nothing is gone back to")
            .next(fmt::format("commit another tag; or mend it and: reconciler retry {}", id)));
  }
  Asked instead = asked;
  instead.instead = Instead{**back, "VerifyFailed", unwell.unwell};
  const auto still = [&](const Look& seen) -> Result<bool> {
    auto memory = parts.ledger.memory(asked.spec.id);
    if (!memory) return failed(memory);
    return is_still(unwell, *memory) ? agree(seen) : Result<bool>(false);
  };
  auto done = reconcile(parts, instead, "run", still, events, std::move(ends));
  if (!done && is_gone_back(done.error())) {
    // Neither is well, and it is here again: going to and fro between them helps nobody.
    LookedOn both = unwell;
    both.unwell += fmt::format("; and {}", done.error().message);
    if (auto stays = stay_there(parts, asked, both); !stays) return failed(stays);
  }
  if (!done || !done->changed) return done;
  return failure(
      std::move(why)
          .with("held", fmt::format("{} is not tried again by itself; {} runs", unwell.tag, **back))
          .next(fmt::format("commit another tag; or the same again: reconciler retry {}", id)));
}

bool UnwellSince::too_long(const std::optional<LookedOn>& seen, Instant now, Duration stable) {
  if (!seen || seen->unwell.empty() || seen->tag != tag_) {
    since_.reset();
    looks_ = 0;
  }
  if (!seen) return false;
  tag_ = seen->tag;
  if (seen->unwell.empty()) return false;
  if (!since_) since_ = now;
  if (++looks_ < least_looks || now - *since_ < stable) return false;
  since_.reset();
  looks_ = 0;
  return true;
}

}  // namespace reconciler
