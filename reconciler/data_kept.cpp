#include "reconciler/data_kept.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/attempt.hpp"

namespace reconciler {
namespace {

/// What it said when it failed; empty: it was cut off, and nothing was written.
std::string said_of(const AttemptRow& attempt) {
  if (!attempt.message.empty()) return attempt.message;
  return attempt.fate ? words_of({*attempt.fate, attempt.evidence}) : "";
}

std::optional<AttemptRow> newest_unsuccessful(const Ledger& ledger, const EnvironmentId& id,
                                              std::string_view verb) {
  auto last = ledger.last_attempt(id, verb);
  if (!last || !*last || (*last)->fate == Fate::succeeded) return std::nullopt;
  return std::move(*last);
}

}  // namespace

std::optional<Condition> half_restored(const Ledger& ledger, const EnvironmentId& id) {
  const auto last = newest_unsuccessful(ledger, id, "restore");
  if (!last) return std::nullopt;
  // An error says that nothing was given to anybody: the file is damaged, the service is not well.
  // Of one of the Engine's nobody knows.
  if (!last->code.empty() && !last->code.starts_with("docker.")) return std::nullopt;
  const std::string said = said_of(*last);
  return Condition{
      "Stalled", "RestoreFailed",
      fmt::format("{} was not brought back whole{}{}", last->title, said.empty() ? "" : ": ", said),
      fmt::format("reconciler restore {}, which lists them, and brings one back; or, once the data "
                  "was put right by hand: reconciler settle {} restore succeeded",
                  id.text(), id.text()),
      last->started};
}

std::optional<Condition> unwell_since_restored(const Ledger& ledger, const EnvironmentId& id) {
  const auto last = ledger.last_attempt(id, "restore");
  if (!last || !*last) return std::nullopt;
  constexpr size_t most_runs = 50;
  const auto runs = ledger.history(id, most_runs);
  if (!runs) return std::nullopt;
  for (const RunRow& run : *runs) {
    const bool verified = std::ranges::any_of(run.attempts, [](const AttemptRow& attempt) {
      return attempt.phase == Phase::verify && attempt.fate == Fate::succeeded;
    });
    const auto restore = std::ranges::find(run.attempts, "restore", &AttemptRow::verb);
    if (restore != run.attempts.end()) {
      if (restore->fate != Fate::succeeded || run.end.code != "verify.failed") return std::nullopt;
      return Condition{
          "Stalled", "VerifyFailed",
          fmt::format("{} was brought back, and with it {}", restore->title, run.end.message),
          fmt::format("reconciler restore {}, which lists them, and brings another "
                      "one back; or mend it and: reconciler restart {} SERVICE, which "
                      "asks the checks",
                      id.text(), id.text()),
          run.ended};
    }
    if (run.end.condition == "Ready" && verified) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Condition> being_restored(const Ledger& ledger, const EnvironmentId& id) {
  const auto newest = ledger.history(id, 1);
  if (!newest || newest->empty() || newest->front().ended) return std::nullopt;
  const RunRow& run = newest->front();
  const auto restore = std::ranges::find(run.attempts, "restore", &AttemptRow::verb);
  if (restore == run.attempts.end() || restore->fate || !restore->code.empty()) return std::nullopt;
  return Condition{
      "Reconciling", "Progressing", fmt::format("{} is being brought back", restore->title),
      fmt::format("reconciler history {} --run {} --log", id.text(), run.serial), run.started};
}

std::optional<Condition> not_backed_up(const Ledger& ledger, const EnvironmentId& id) {
  const auto last = newest_unsuccessful(ledger, id, "backup");
  if (!last) return std::nullopt;
  const std::string said = said_of(*last);
  return Condition{"Ready", "BackupFailed",
                   said.empty() ? fmt::format("the last backup, {}, was cut off", last->title)
                                : fmt::format("the last backup, {}, failed: {}", last->title, said),
                   fmt::format("reconciler backup {}, which says why it fails", id.text()),
                   last->started};
}

}  // namespace reconciler
