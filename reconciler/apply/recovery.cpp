#include "reconciler/apply/recovery.hpp"

#include <fmt/format.h>

#include "reconciler/apply/attempt.hpp"
#include "reconciler/apply/failures.hpp"

namespace reconciler {
namespace {

class ToEvents final : public Progress {
 public:
  ToEvents(Tools tools, const Action& action, RunId run, const Redaction& redaction)
      : tools_(tools), action_(action), run_(run), redaction_(redaction) {}
  void line(std::string_view text) override {
    const std::string shown = redaction_.text(text);
    tools_.events.line(action_, shown);
    (void)tools_.ledger.append_log(run_, {fmt::format("{} | {}", action_.title, shown)});
  }

 private:
  Tools tools_;
  const Action& action_;
  RunId run_;
  const Redaction& redaction_;
};

}  // namespace

Status settle_open_attempts(Tools tools, const EnvironmentId& id, const Variables& variables,
                            const Redaction& redaction, std::stop_token stop) {
  auto open = tools.ledger.open_attempts(id);
  if (!open) return failed(open);
  for (const auto& one : *open) {
    Action action;
    action.work = one.attempt.work;
    action.title =
        one.attempt.work.targets.empty() ? one.attempt.once_key : one.attempt.work.targets[0].name;
    action.reason = "cut off before";
    auto driver = tools.drivers.performer(one.attempt.work);
    if (!driver) return failed(driver);
    const Instant began = tools.clock.now();
    tools.events.started(action);
    ToEvents progress(tools, action, one.run, redaction);
    auto outcome = (*driver)->recover(one.attempt, variables, progress, stop);
    const Duration took = tools.clock.now() - began;
    if (!outcome) return failure(redaction.error(std::move(outcome.error())));
    outcome->evidence = redaction.json(outcome->evidence);
    if (outcome->fate == Fate::not_started && one.begun && !truth_at(outcome->evidence, "found"))
      outcome->fate = Fate::unknown;
    if (auto written = tools.ledger.result(one.attempt.id, *outcome); !written) return written;
    if (outcome->fate == Fate::running && !stop.stop_requested())
      return failure(still_runs(id, action, "", *outcome));
    if (outcome->fate == Fate::running)
      return failure(
          error("apply.stopped", fmt::format("{} still runs", action.title))
              .next(fmt::format("reconciler apply {}: it waits for what still runs", id.text())));
    const std::string found = fmt::format("found: {}", to_text(outcome->fate));
    if (outcome->fate == Fate::failed)
      tools.events.failed(action, took, found, texts_at(outcome->evidence, "lines"));
    else
      tools.events.finished(action, took, found);
  }
  return {};
}

}  // namespace reconciler
