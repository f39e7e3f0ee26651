#include "reconciler/base/digest.hpp"
#include "reconciler/driver/wire.hpp"
#include "reconciler/driver/words.hpp"

namespace reconciler::wire {
namespace {

template <class Range>
JsonArray list(const Range& values) {
  JsonArray out;
  for (const auto& value : values) out.push_back(write(value));
  return out;
}

template <class E>
std::string_view word(E value) {
  return Words<E>::text(value);
}

}  // namespace

Json write(const ResourceId& value) {
  return JsonObject{{"driver", value.driver}, {"kind", value.kind}, {"name", value.name}};
}

Json write(const Difference& value) {
  return JsonObject{{"field", value.field}, {"before", value.before}, {"after", value.after}};
}

Json write(const Work& value) {
  JsonObject out{{"phase", word(value.phase)},     {"verb", value.verb},
                 {"targets", list(value.targets)}, {"effect", word(value.effect)},
                 {"input", value.input},           {"expects", value.expects},
                 {"needs", list(value.needs)},     {"calls", to_json(value.calls)}};
  if (!value.anew.empty()) out["anew"] = list(value.anew);
  return out;
}

Json write(const Resource& value) {
  JsonObject remedies;
  for (const auto& [aim, works] : value.remedies) remedies[word(aim)] = list(works);
  return JsonObject{{"id", write(value.id)},        {"desired", value.desired},
                    {"observed", value.observed},   {"differences", list(value.differences)},
                    {"state", value.state},         {"summary", value.summary},
                    {"health", word(value.health)}, {"ours", value.ours},
                    {"artifact", value.artifact},   {"supply", value.supply},
                    {"inputs", value.inputs},       {"version", value.version},
                    {"reason", value.reason},       {"remedies", std::move(remedies)}};
}

Json write(const Observation& value) {
  return JsonObject{{"resources", list(value.resources)}, {"notices", to_json(value.notices)}};
}

Json write(const Step& value) {
  return JsonObject{{"name", value.name},       {"shown", value.shown},
                    {"once", word(value.once)}, {"once_key", value.once_key},
                    {"warn", value.warn},       {"work", write(value.work)},
                    {"then", list(value.then)}};
}

Json write(const Prepared& value) {
  return JsonObject{{"wanted", value.wanted},
                    {"steps", list(value.steps)},
                    {"required", list(value.required)},
                    {"patience_ms", value.patience.count()},
                    {"digest", value.digest}};
}

Json write(const EnvironmentId& value) {
  return JsonObject{{"application", value.application}, {"environment", value.environment}};
}

Json write(const Request& value) {
  return JsonObject{{"id", write(value.id)},
                    {"tag", value.tag},
                    {"lineage", value.lineage},
                    {"sections", value.sections},
                    {"tree", JsonObject{{"path", value.tree.path},
                                        {"commit", value.tree.commit},
                                        {"index", value.tree.index},
                                        {"objects", value.tree.objects}}},
                    {"host", value.host}};
}

Json write(const Release& value) {
  return JsonObject{{"tag", value.tag},
                    {"commit", value.commit},
                    {"digest", value.digest},
                    {"at", value.at.time_since_epoch().count()}};
}

Json write(const Target& value) {
  return JsonObject{{"tag", value.tag},
                    {"rejected", value.rejected},
                    {"rejected_tag", value.rejected_tag},
                    {"reason", value.reason},
                    {"why", value.why},
                    {"run", value.run},
                    {"at", value.at.time_since_epoch().count()},
                    {"failed_tag", value.failed_tag}};
}

namespace {

JsonArray list(const SealedRecords& value) {
  JsonArray all;
  for (const auto& [id, snapshot] : value)
    all.push_back(JsonObject{{"id", write(id)},
                             {"at_each_look", snapshot.at_each_look},
                             {"box", to_base64(snapshot.sealed.box)}});
  return all;
}

}  // namespace

Json write(const SealedRecords& value) {
  return JsonObject{{"snapshots", list(value)}};
}

Json write(const Recorded& value) {
  JsonArray steps;
  for (const auto& step : value.steps) steps.push_back(write(step));
  return JsonObject{
      {"id", write(value.id)},           {"lineage", value.lineage},  {"tag", value.tag},
      {"wanted", value.wanted},          {"steps", std::move(steps)}, {"complete", value.complete},
      {"snapshots", list(value.records)}};
}

Json write(const Memory& value) {
  JsonArray outdated;
  for (const auto& [id, one] : value.outdated)
    outdated.push_back(
        JsonObject{{"id", write(id)}, {"inputs", one.inputs}, {"reason", one.reason}});
  JsonObject once;
  for (const auto& [key, fate] : value.once) once[key] = word(fate);
  JsonObject attempts;
  for (const auto& [key, attempt] : value.once_attempt) attempts[key] = attempt;
  const auto release = [](const std::optional<Release>& r) {
    return r ? write(*r) : Json(nullptr);
  };
  const auto text = [](const std::optional<std::string>& t) {
    return t ? Json(*t) : Json(nullptr);
  };
  return JsonObject{{"lineage", value.lineage},
                    {"adopted", value.adopted},
                    {"newest_attempt", value.newest_attempt},
                    {"current", release(value.current)},
                    {"previous", release(value.previous)},
                    {"once", std::move(once)},
                    {"once_attempt", std::move(attempts)},
                    {"unfinished", text(value.unfinished)},
                    {"changed_to", text(value.changed_to)},
                    {"target", value.target ? write(*value.target) : Json(nullptr)},
                    {"touched", value.touched},
                    {"unwell_before", list(value.unwell_before)},
                    {"recorded_attempt", value.recorded_attempt},
                    {"kept", value.kept},
                    {"outdated", std::move(outdated)},
                    {"snapshots", list(value.snapshots)}};
}

Json write(const Attempt& value) {
  return JsonObject{{"id", value.id},
                    {"environment", write(value.environment)},
                    {"lineage", value.lineage},
                    {"once_key", value.once_key},
                    {"work", write(value.work)},
                    {"excused", list(value.excused)}};
}

Json write(const Outcome& value) {
  return JsonObject{{"fate", word(value.fate)}, {"evidence", value.evidence}};
}

Json write(const Description& value) {
  return JsonObject{{"name", value.name},
                    {"kinds", to_json(value.kinds)},
                    {"sections", to_json(value.sections)},
                    {"steps", to_json(value.steps)},
                    {"verbs", to_json(value.verbs)}};
}

Json write(const Finding& value) {
  return JsonObject{{"well", value.well}, {"what", value.what}, {"mend", value.mend}};
}

Json write(const Variables& value) {
  JsonObject out;
  for (const auto& [name, variable] : value)
    out[name] = JsonObject{
        {"value", variable.value.reveal()}, {"from", variable.from}, {"secret", variable.secret}};
  return out;
}

}  // namespace reconciler::wire
