#include "plugins/docker/services/pre_stop.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/records.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view wanted_models = "wanted";

std::string tag_of(const Memory& memory) {
  return memory.current ? memory.current->tag : "";
}

Result<PreStopRecord> open(const Context& context, const RecordOwner& owner, const Place& place,
                           const Sealed& sealed) {
  auto record = open_record(context.key, owner, pre_stop_id(*place.wanted), sealed);
  if (!record) return failed(record);
  return pre_stop_record_from_json(*record);
}

/// The very container, or one that was made anew of the same model since.
bool is_of(const PreStopRecord& record, const Seen& seen) {
  return record.id == seen.id ||
         (!record.config_hash.empty() && record.config_hash == seen.label(label::config_hash));
}

}  // namespace

void find_pre_stop(const Context& context, const Observed& observed, std::vector<Place>& places,
                   Observation& into) {
  const Memory& memory = observed.memory;
  const RecordOwner owner{memory.lineage, observed.id, tag_of(memory)};
  std::vector<std::string> broken;
  std::vector<std::string> unknown;
  std::string why;
  for (auto& place : places) {
    if (!place.current) continue;
    const auto found = memory.snapshots.find(pre_stop_id(*place.wanted));
    bool had_hooks = !place.wanted->pre_stop.empty();
    if (found != memory.snapshots.end()) {
      auto record = open(context, owner, place, found->second.sealed);
      if (!record) {
        broken.push_back(service_id(*place.wanted).name);
        why = fmt::format("{}: {}", record.error().code, record.error().message);
        continue;
      }
      if (is_of(*record, *place.current)) {
        place.pre_stop = std::move(record->hooks);
        place.pre_stop_record = found->second.sealed;
        continue;
      }
      had_hooks = had_hooks || !record->hooks.empty();
    }
    if (place.keeps_container())
      place.pre_stop = place.wanted->pre_stop;
    else if (had_hooks && place.current->up())
      unknown.push_back(place.current->name);
  }
  if (!broken.empty())
    into.notices.push_back(fmt::format(
        "warning: the record of {} cannot be used ({}): pre_stop hooks are not run there",
        enumerate(broken), why));
  if (!unknown.empty())
    into.notices.push_back(fmt::format(
        "{} {} not recorded with a version: pre_stop hooks are not run there before it is stopped",
        enumerate(unknown), unknown.size() == 1 ? "was" : "were"));
}

void put_pre_stop(const Place& place, const Memory& memory, JsonObject& member) {
  if (place.pre_stop.empty()) return;
  if (place.pre_stop_record.box.empty()) {
    member["pre_stop"] = wanted_models;
    return;
  }
  member["pre_stop"] =
      JsonObject{{"record", to_base64(place.pre_stop_record.box)}, {"tag", tag_of(memory)}};
}

Status take_pre_stop(const Context& context, const Attempt& attempt, const Json& member,
                     Place& place) {
  const Json& given = member_or_null(member, "pre_stop");
  if (given.is_null()) return {};
  if (given.is_string()) {
    place.pre_stop = place.wanted->pre_stop;
    return {};
  }
  const RecordOwner owner{attempt.lineage, attempt.environment, text_at(given, "tag")};
  place.pre_stop_record.box = from_base64(text_at(given, "record")).value_or("");
  auto record = open(context, owner, place, place.pre_stop_record);
  if (!record) {
    auto why = std::move(record.error());
    why.hint = "plan again";
    return failure(std::move(why));
  }
  place.pre_stop = std::move(record->hooks);
  return {};
}

}  // namespace reconciler::docker
