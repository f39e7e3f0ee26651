#include "reconciler/apply/kept.hpp"

#include <fmt/format.h>

#include <utility>

#include "reconciler/driver/wire.hpp"

namespace reconciler {
namespace {

std::string purpose(const std::string& lineage, const EnvironmentId& id, const std::string& tag) {
  return fmt::format("version:{}:{}:{}", lineage, id.text(), tag);
}

Json to_json(const Desired& desired) {
  JsonArray steps;
  for (const auto& step : desired.steps)
    if (step.once != Once::tag) steps.push_back(wire::write(step));
  JsonObject wanted;
  for (const auto& [driver, own] : desired.wanted) wanted[driver] = own;
  return JsonObject{{"commit", desired.commit},
                    {"config_commit", desired.config_commit},
                    {"config_subject", desired.config_subject},
                    {"digest", desired.digest},
                    {"asked", desired.asked},
                    {"steps", std::move(steps)},
                    {"wanted", std::move(wanted)},
                    {"verify_timeout_ms", desired.verify_timeout.count()},
                    {"verify_stable_ms", desired.verify_stable.count()},
                    {"parallel", desired.parallel}};
}

Result<Desired> desired_from_json(const Json& value) {
  Desired desired;
  desired.commit = text_at(value, "commit");
  desired.config_commit = text_at(value, "config_commit");
  desired.config_subject = text_at(value, "config_subject");
  desired.digest = text_at(value, "digest");
  desired.asked = text_at(value, "asked");
  if (const JsonArray* steps = member_or_null(value, "steps").if_array())
    for (const auto& step : *steps) {
      auto one = wire::read_as<Step>(step);
      if (!one) return failed(one);
      desired.steps.push_back(std::move(*one));
    }
  if (const JsonObject* wanted = member_or_null(value, "wanted").if_object())
    for (const auto& [driver, own] : *wanted) desired.wanted[std::string(driver)] = own;
  desired.verify_timeout = Duration(number_at(value, "verify_timeout_ms"));
  desired.verify_stable = Duration(number_at(value, "verify_stable_ms"));
  desired.parallel = static_cast<int>(number_at(value, "parallel", 1));
  return desired;
}

/// The core's own of a version's records.
Result<Kept> unsealed(const Ledger& ledger, const Again& again, const SealedRecords& records) {
  const auto own = records.find(kept_id(again.id));
  if (own == records.end())
    return failure(
        error("rollback.not_kept", fmt::format("nothing was kept of how {} was made", again.tag))
            .next(
                fmt::format("commit a tag; {} is recorded with all of it then", again.id.text())));
  auto plain =
      unseal(ledger.key(), purpose(ledger.lineage(), again.id, again.tag), own->second.sealed);
  if (!plain) return failed(plain);
  auto value = parse_json(*plain);
  if (!value) return failed(value);
  auto desired = desired_from_json(member_or_null(*value, "desired"));
  if (!desired) return failed(desired);
  auto variables = wire::read_as<Variables>(member_or_null(*value, "variables"));
  if (!variables) return failed(variables);
  desired->id = again.id;
  desired->tag = again.tag;
  return Kept{std::move(*desired), std::move(*variables)};
}

}  // namespace

ResourceId kept_id(const EnvironmentId& id) {
  return {"ledger", "release", id.text()};
}

Result<SealedRecord> seal_version(const InstallationKey& key, const std::string& lineage,
                                  const Desired& desired, const Variables& variables) {
  const Json all = JsonObject{{"desired", to_json(desired)}, {"variables", wire::write(variables)}};
  auto sealed = seal(key, purpose(lineage, desired.id, desired.tag), canonical(all));
  if (!sealed) return failed(sealed);
  return SealedRecord{std::move(*sealed), false};
}

Result<Kept> kept_version(const Ledger& ledger, const Again& again) {
  auto records = ledger.snapshots(again.id, again.slot);
  if (!records) return failed(records);
  return unsealed(ledger, again, *records);
}

Redaction redaction_for(const Ledger& ledger, const EnvironmentId& id, const Memory& memory,
                        const Variables& variables) {
  Redaction redaction(variables);
  for (const auto& [release, slot] : {std::pair(&memory.current, Ledger::Slot::current),
                                      std::pair(&memory.previous, Ledger::Slot::previous)})
    if (*release)
      if (const auto kept = kept_version(ledger, {id, (*release)->tag, slot}))
        redaction.hide(kept->variables);
  return redaction;
}

Result<Kept> restore_version(const Ledger& ledger, const Drivers& drivers, const Again& again,
                             Deadline deadline) {
  auto records = ledger.snapshots(again.id, again.slot);
  if (!records) return failed(records);
  auto kept = unsealed(ledger, again, *records);
  if (!kept) return kept;
  if (auto done =
          drivers.restore(kept->desired, ledger.lineage(), *records, again.complete, deadline);
      !done)
    return failed(done);
  return kept;
}

}  // namespace reconciler
