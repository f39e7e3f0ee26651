#include "plugins/docker/services/pre_stop.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/records.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view wanted_models = "wanted";

std::string current_tag(const Memory& memory) {
  return memory.current ? memory.current->tag : "";
}

Result<PreStopRecord> open(const Context& context, const RecordOwner& owner, const Place& place,
                           const Sealed& sealed) {
  auto record = open_record(context.key, owner, pre_stop_id(*place.wanted), sealed);
  if (!record) return failed(record);
  return pre_stop_record_from_json(*record);
}

/// The very container, or one that was made anew of the same model since.
bool is_of(const ContainerMark& recorded, const Seen& seen) {
  return recorded.id == seen.id ||
         (!recorded.config_hash.empty() && recorded.config_hash == seen.label(label::config_hash));
}

/// What was recorded of the containers of the current version.
class RecordedPreStops {
 public:
  RecordedPreStops(const Context& context, const Observed& observed)
      : context_(context),
        snapshots_(observed.memory.snapshots),
        owner_{observed.memory.lineage, observed.id, current_tag(observed.memory)} {
    const auto id = no_pre_stop_id(observed.model);
    const auto found = snapshots_.find(id);
    if (found == snapshots_.end()) return;
    auto record = open_record(context.key, owner_, id, found->second.sealed);
    if (record)
      without_ = no_pre_stop_record_from_json(*record);
    else
      broken_ = std::move(record.error());
  }

  /// Of the container in that place; none where nothing was recorded.
  Result<std::optional<PreStopRecord>> of(const Place& place) const {
    if (const Sealed* sealed = box_of(place)) {
      auto record = open(context_, owner_, place, *sealed);
      if (!record) return failed(record);
      return std::move(*record);
    }
    if (broken_) return failure(*broken_);
    const auto found = without_.find(service_id(*place.wanted).name);
    if (found == without_.end()) return std::nullopt;
    return PreStopRecord{found->second, {}};
  }
  /// The sealed record of its hooks.
  const Sealed* box_of(const Place& place) const {
    const auto found = snapshots_.find(pre_stop_id(*place.wanted));
    return found == snapshots_.end() ? nullptr : &found->second.sealed;
  }

 private:
  const Context& context_;
  const SealedRecords& snapshots_;
  RecordOwner owner_;
  NoPreStopRecord without_;
  std::optional<Error> broken_;
};

}  // namespace

void find_pre_stop(const Context& context, const Observed& observed, std::vector<Place>& places,
                   Observation& into) {
  const RecordedPreStops recorded(context, observed);
  std::vector<std::string> broken;
  std::vector<std::string> unknown;
  std::string why;
  for (auto& place : places) {
    if (!place.current) continue;
    auto record = recorded.of(place);
    // What has no record of its own had no hooks, or was never recorded.
    if (!record && !recorded.box_of(place) && place.keeps_container()) {
      place.pre_stop = place.wanted->pre_stop;
      continue;
    }
    if (!record) {
      broken.push_back(service_id(*place.wanted).name);
      why = fmt::format("{}: {}", record.error().code, record.error().message);
      continue;
    }
    if (*record && is_of((*record)->of, *place.current)) {
      place.pre_stop = std::move((*record)->hooks);
      if (const Sealed* box = recorded.box_of(place)) place.pre_stop_record = *box;
      continue;
    }
    const bool had_hooks =
        !place.wanted->pre_stop.empty() || (*record && !(*record)->hooks.empty());
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
      JsonObject{{"record", to_base64(place.pre_stop_record.box)}, {"tag", current_tag(memory)}};
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
