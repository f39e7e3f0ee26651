#include "reconciler/checks_since.hpp"

#include <algorithm>

#include "reconciler/apply/kept.hpp"

namespace reconciler {
namespace {

/// What is asked, whatever the version is made of, and however long the answer may take.
Json asked_by(const Step& check) {
  Json input = check.work.input;
  if (JsonObject* all = input.if_object()) {
    all->erase("model");
    all->erase("timeout_ms");
  }
  return input;
}

/// Is a check like that among those? One that only warned never held.
bool has_check(const std::vector<Step>& steps, const Step& check) {
  return std::ranges::any_of(steps, [&](const Step& one) {
    return one.name == check.name && (!one.warn || check.warn) &&
           one.work.phase == check.work.phase && one.work.verb == check.work.verb &&
           one.work.targets == check.work.targets && asked_by(one) == asked_by(check);
  });
}

}  // namespace

void soften_checks_since(const Ledger& ledger, Ledger::Slot slot, Desired& desired) {
  const auto kept = kept_version(ledger, {desired.id, desired.tag, slot});
  if (!kept) return;
  for (auto& step : desired.steps) {
    if (step.work.phase != Phase::verify || has_check(kept->desired.steps, step)) continue;
    step.warn = true;
    desired.checks_since.insert(step.shown.empty() ? step.name : step.shown);
  }
}

}  // namespace reconciler
