#include "reconciler/apply/verify.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/sight.hpp"
#include "reconciler/base/any_stop.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration between_asks{500ms};

struct Check {
  const Action* action = nullptr;
  Driver* driver = nullptr;
  Attempt attempt;
  int asked = 0;
  bool well = false;
  bool final = false;              ///< asking again gives no other answer
  std::optional<Error> no_answer;  ///< why it could not be asked, no fault of the version
  std::string said;
  std::vector<std::string> lines;
};

class Verification {
 public:
  Verification(Run& run, std::vector<Check> checks) : run_(run), checks_(std::move(checks)) {}

  Status operator()() {
    Clock& clock = run_.tools.clock;
    const Instant began = clock.now();
    const Deadline deadline(clock, run_.desired.verify_timeout);
    std::optional<Instant> well_since;
    for (;;) {
      if (auto ended = go_on(); !ended) return ended;
      ask_all();
      if (const auto* stale = find_stale()) return failure(*stale);
      const bool well = std::all_of(checks_.begin(), checks_.end(),
                                    [](const Check& c) { return c.well || c.action->warn; });
      if (!well)
        well_since.reset();
      else if (!well_since)
        well_since = clock.now();
      if (well_since && clock.now() - *well_since >= run_.desired.verify_stable) {
        // That somebody cannot look is no word against what was well all the time.
        if (auto why = others_put_otherwise(run_); why && !sends_back(Phase::verify, true, *why))
          return failure(std::move(*why));
        return done(clock.now() - began);
      }
      tell(well_since);
      // Once all is well, the stable window may outlast the deadline; falling out of it may not.
      if (!well_since && (deadline.passed(clock) || is_final())) {
        if (!is_unwell()) return failure(why_nobody_knows());
        // A check may have taken its time, and what was well before it is not known to be.
        if (auto why = others_put_otherwise(run_)) return failure(std::move(*why));
        return give_up(clock.now() - began);
      }
      clock.wait_until(clock.now() + between_asks, ends_.token());
    }
  }

 private:
  bool is_final() const {
    return std::ranges::any_of(checks_, [](const Check& c) { return c.final && !c.action->warn; });
  }

  /// Everything answered, and something is not well. While a driver's host cannot be asked, what
  /// others say of what lies on it (`http`) is no evidence either.
  bool is_unwell() const {
    return std::ranges::none_of(checks_,
                                [](const Check& c) { return c.no_answer && !c.action->warn; });
  }

  /// What was planned is not what there is any more: asking again gives no better answer.
  const Error* find_stale() const {
    for (const Check& c : checks_)
      if (c.no_answer && c.no_answer->code == "plan.stale") return &*c.no_answer;
    return nullptr;
  }

  /// Where nothing is known against the version, and not enough for it.
  Error why_nobody_knows() const {
    const auto first = std::ranges::find_if(
        checks_, [](const Check& c) { return c.no_answer && !c.action->warn; });
    return *first->no_answer;
  }

  /// What ends it without an answer.
  Status go_on() const {
    if (run_.stop.stop_requested())
      return failure(error("apply.stopped", "stopped while it was being verified"));
    if (run_.tools.newer.stop_requested())
      return failure(superseded(run_, "while it was being verified"));
    if (run_.tools.beside.stop_requested())
      return failure(
          error("plan.stale", fmt::format("something was started beside {} while it was being "
                                          "verified",
                                          run_.plan.to))
              .next("plan again"));
    return {};
  }

  void ask_all() {
    for (auto& check : checks_) {
      Output output(run_, *check.action);
      auto outcome = perform(run_, *check.driver, check.attempt, output);
      ++check.asked;
      check.well = outcome && outcome->fate == Fate::succeeded;
      check.said = outcome ? words_of(*outcome) : outcome.error().message;
      check.no_answer.reset();
      if (!outcome && !sends_back(Phase::verify, true, outcome.error()))
        check.no_answer = outcome.error();
      check.final = outcome && !check.well && truth_at(outcome->evidence, "final");
      if (outcome) check.lines = texts_at(outcome->evidence, "lines");
    }
  }

  /// What it waits for.
  void tell(const std::optional<Instant>& well_since) const {
    const auto unwell = [](const Check& c) { return !c.well && !c.action->warn; };
    const auto first = std::ranges::find_if(checks_, unwell);
    std::string text;
    if (well_since)
      text = fmt::format("all well, for {} of {}", for_people(run_.tools.clock.now() - *well_since),
                         for_people(run_.desired.verify_stable));
    else if (first != checks_.end())
      text =
          fmt::format("{} of {} well; {}: {}",
                      checks_.size() - static_cast<size_t>(std::ranges::count_if(checks_, unwell)),
                      checks_.size(), first->action->title, first->said);
    run_.tools.events.line(*checks_.front().action, text);
  }

  Action as_one() const {
    Action all = *checks_.front().action;
    all.title = fmt::format("{}, then well for {}", count(checks_.size(), "check"),
                            for_people(run_.desired.verify_stable));
    return all;
  }

  Status write(const Check& check) {
    JsonObject evidence{{"detail", check.said}, {"asked", check.asked}};
    return run_.tools.ledger.result(
        check.attempt.id, {check.well ? Fate::succeeded : Fate::failed, std::move(evidence)});
  }

  Status done(Duration took) {
    std::vector<std::string> warnings;
    for (const auto& check : checks_) {
      if (auto written = write(check); !written) return written;
      if (check.well) continue;
      const bool later = run_.desired.checks_since.contains(check.action->title);
      warnings.push_back(
          fmt::format("warning: {}: {}{}", check.action->title, check.said,
                      later ? "; " + run_.plan.to + " was recorded without that check" : ""));
      run_.tools.events.line(*check.action, warnings.back());
    }
    (void)run_.tools.ledger.append_log(run_.id, warnings);
    run_.tools.events.finished(as_one(), took, join(warnings, "; "));
    return {};
  }

  Status give_up(Duration took) {
    std::optional<Error> why;
    for (const auto& check : checks_) {
      if (auto written = write(check); !written) return written;
      if (check.well || check.action->warn) continue;
      run_.tools.events.failed(
          *check.action, took,
          fmt::format("{}; asked {}", check.said, count(static_cast<size_t>(check.asked), "time")),
          check.lines);
      std::vector<std::string> log;
      for (const auto& line : check.lines) log.push_back(check.action->title + " | " + line);
      (void)run_.tools.ledger.append_log(run_.id, log);
      if (why) {
        why->facts.push_back({"also", fmt::format("{}: {}", check.action->title, check.said)});
        continue;
      }
      why = error("verify.failed", fmt::format("{} is not well: {}: {}", run_.plan.to,
                                               check.action->title, check.said));
      // Of a plan that replaced nothing there is nothing that was kept.
      const bool replaced = std::ranges::any_of(run_.plan.actions, [](const Action& action) {
        return action.work.phase == Phase::change && action.work.verb == "switch";
      });
      if (run_.tools.aside || (!run_.plan.from.empty() && !replaced))
        why->facts.push_back({"kept", "all, as it is: nothing is gone back to"});
      else if (!run_.plan.from.empty())
        why->facts.push_back({"kept", fmt::format("{}'s containers, stopped, until the next switch",
                                                  run_.plan.from)});
      else
        why->facts.push_back({"kept", "what was started, as it is"});
    }
    return failure(std::move(*why));
  }

  Run& run_;
  std::vector<Check> checks_;
  AnyStop ends_{run_.stop, run_.tools.newer, run_.tools.beside};
};

}  // namespace

Status verify(Run& run, const std::vector<const Action*>& actions) {
  std::vector<Check> checks;
  for (const auto* action : actions) {
    auto driver = driver_of(run, *action);
    if (!driver) return failed(driver);
    auto id = run.tools.ledger.intend(run.id, *action);
    if (!id) return failed(id);
    run.tools.events.started(*action);
    checks.push_back(
        {action,
         *driver,
         {*id, run.plan.environment, run.plan.lineage, "", action->work, run.plan.excused},
         0,
         false,
         false,
         {},
         "",
         {}});
  }
  return Verification(run, std::move(checks))();
}

}  // namespace reconciler
