#include "reconciler/half_restored.hpp"

#include <fmt/format.h>

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

}  // namespace reconciler
