#include "reconciler/half_restored.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reconciler {

std::optional<Condition> half_restored(const Ledger& ledger, const EnvironmentId& id) {
  auto last = ledger.last_attempt(id, "restore");
  if (!last || !*last || (*last)->fate == Fate::succeeded) return std::nullopt;
  return Condition{
      "Stalled", "RestoreFailed",
      fmt::format("{} was not brought back whole{}{}", (*last)->title,
                  (*last)->message.empty() ? "" : ": ", (*last)->message),
      fmt::format("reconciler restore {}, which lists them, and brings one back", id.text())};
}

std::optional<Condition> being_restored(const Ledger& ledger, const EnvironmentId& id) {
  const auto newest = ledger.history(id, 1);
  if (!newest || newest->empty() || newest->front().ended) return std::nullopt;
  const RunRow& run = newest->front();
  const auto restore = std::ranges::find(run.attempts, "restore", &AttemptRow::verb);
  if (restore == run.attempts.end() || restore->fate || !restore->code.empty()) return std::nullopt;
  return Condition{"Reconciling", "Progressing",
                   fmt::format("{} is being brought back", restore->title),
                   fmt::format("reconciler history {} --run {} --log", id.text(), run.serial)};
}

}  // namespace reconciler
