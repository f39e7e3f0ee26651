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

const AttemptRow* restore_in(const RunRow& run) {
  const auto restore = std::ranges::find(run.attempts, "restore", &AttemptRow::verb);
  return restore == run.attempts.end() ? nullptr : &*restore;
}

}  // namespace

std::optional<Condition> half_restored(const Ledger& ledger, const EnvironmentId& id) {
  const auto run = ledger.last_restoring_run(id);
  const AttemptRow* restore = run && *run ? restore_in(**run) : nullptr;
  if (!restore || restore->fate == Fate::succeeded) return std::nullopt;
  const std::string said = said_of(*restore);
  return Condition{
      "Stalled", "RestoreFailed",
      fmt::format("{} was not brought back whole{}{}", restore->title, said.empty() ? "" : ": ",
                  said),
      fmt::format("reconciler restore {}, which lists them, and brings one back; or, once the data "
                  "was put right by hand: reconciler settle {} restore succeeded",
                  id.text(), id.text()),
      restore->started};
}

std::optional<Condition> unwell_since_restored(const Ledger& ledger, const EnvironmentId& id) {
  const auto run = ledger.last_restoring_run(id);
  const AttemptRow* restore = run && *run ? restore_in(**run) : nullptr;
  if (!restore || restore->fate != Fate::succeeded) return std::nullopt;
  if (const auto well = ledger.well_since(id, (*run)->serial); !well || *well) return std::nullopt;
  const RunEnd& end = (*run)->end;
  const WallTime since = (*run)->ended.value_or((*run)->started);
  if (end.code != "verify.failed")
    return Condition{
        "Stalled", "VerifyFailed",
        fmt::format("{} was brought back, and the checks after it were not asked to their end{}{}",
                    restore->title, end.message.empty() ? "" : ": ", end.message),
        fmt::format("reconciler verify {}, which asks them; where all is well: reconciler settle "
                    "{} restore succeeded",
                    id.text(), id.text()),
        since};
  return Condition{"Stalled", "VerifyFailed",
                   fmt::format("{} was brought back, and with it {}", restore->title, end.message),
                   fmt::format("reconciler restore {}, which lists them, and brings another "
                               "one back; or mend it and: reconciler restart {} SERVICE, which "
                               "asks the checks",
                               id.text(), id.text()),
                   since};
}

bool data_in_doubt(const Ledger& ledger, const EnvironmentId& id) {
  return half_restored(ledger, id) || unwell_since_restored(ledger, id);
}

std::optional<Condition> being_restored(const RunRow& run) {
  const AttemptRow* restore = restore_in(run);
  const bool ended =
      !restore || !restore->code.empty() || (restore->fate && *restore->fate != Fate::running);
  if (ended) return std::nullopt;
  return Condition{
      "Reconciling", "Progressing", fmt::format("{} is being brought back", restore->title),
      fmt::format("reconciler history {} --run {} --log", run.id.text(), run.serial), run.started};
}

std::optional<Condition> not_backed_up(const Ledger& ledger, const EnvironmentId& id) {
  const auto last = ledger.last_backup(id);
  if (!last || !*last || (*last)->fate == Fate::succeeded) return std::nullopt;
  const std::string said = said_of(**last);
  return Condition{
      "Ready", "BackupFailed",
      said.empty() ? fmt::format("the last backup, {}, was cut off", (*last)->title)
                   : fmt::format("the last backup, {}, failed: {}", (*last)->title, said),
      fmt::format("reconciler backup {}, which says why it fails", id.text()), (*last)->started};
}

}  // namespace reconciler
