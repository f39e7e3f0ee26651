#include "reconciler/apply/attempt.hpp"

#include <fmt/format.h>

#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t most_kept = 20000;  // of lines: what a task says is bounded by nobody

}  // namespace

void Output::line(std::string_view text) {
  const std::string shown = run_.redaction.text(text);
  {
    const std::lock_guard lock(mutex_);
    lines_.push_back(shown);
    if (lines_.size() > most_kept) {
      lines_.pop_front();
      ++dropped_;
    }
  }
  run_.tools.events.line(action_, shown);
}

Status Output::begun() {
  if (attempt_.empty()) return {};  // a check, which is asked again and again
  return run_.tools.ledger.result(attempt_, {Fate::running, JsonObject{}});
}

void Output::keep() {
  const std::lock_guard lock(mutex_);
  if (lines_.empty()) return;
  std::vector<std::string> named;
  named.reserve(lines_.size() + 1);
  if (dropped_ > 0)
    named.push_back(fmt::format("{} | ({} before these were not kept)", action_.title,
                                count(dropped_, "line")));
  for (const auto& text : lines_) named.push_back(fmt::format("{} | {}", action_.title, text));
  (void)run_.tools.ledger.append_log(run_.id, named);
}

std::vector<std::string> Output::last(size_t n) const {
  const std::lock_guard lock(mutex_);
  const size_t from = lines_.size() > n ? lines_.size() - n : 0;
  return {lines_.begin() + static_cast<std::ptrdiff_t>(from), lines_.end()};
}

Result<Driver*> driver_of(const Run& run, const Action& action) {
  return run.tools.drivers.performer(action.work);
}

Result<Outcome> perform(Run& run, Driver& driver, const Attempt& attempt, Progress& progress) {
  auto outcome = driver.perform(attempt, run.variables, progress,
                                run.phase == Phase::supply ? run.cut : run.stop);
  if (!outcome) return failure(run.redaction.error(std::move(outcome.error())));
  outcome->evidence = run.redaction.json(outcome->evidence);
  return outcome;
}

Result<Outcome> attempt(Run& run, const Action& action, Output& output) {
  auto driver = driver_of(run, action);
  if (!driver) return failed(driver);
  auto id = run.tools.ledger.intend(run.id, action);
  if (!id) return failed(id);
  if (auto point = failpoint("apply.action.before"); !point) return failed(point);
  const Attempt attempt{*id, run.plan.environment, run.plan.lineage, action.once_key, action.work};
  output.of(*id);
  auto outcome = perform(run, **driver, attempt, output);
  if (auto point = failpoint("apply.action.after"); !point) return failed(point);
  output.keep();
  if (!outcome) {
    if (auto written = run.tools.ledger.failed_to_run(*id, outcome.error()); !written)
      return failed(written);
    return failed(outcome);
  }
  if (auto written = run.tools.ledger.result(*id, *outcome); !written) return failed(written);
  return outcome;
}

std::string words_of(const Outcome& outcome) {
  std::string detail = text_at(outcome.evidence, "detail");
  if (!detail.empty()) return detail;
  const auto lines = texts_at(outcome.evidence, "lines");
  return lines.empty() ? "" : lines.back();
}

}  // namespace reconciler
