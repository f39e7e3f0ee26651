// Arbitrary values of the seam's types, for properties of the wire.
#pragma once

#include <rapidcheck.h>

#include <string>

#include "reconciler/driver/driver.hpp"

namespace reconciler::values {

/// Texts with quotes, line ends, control bytes and characters of every length.
inline rc::Gen<std::string> text() {
  using rc::gen::element;
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(element<std::string>(
                          "a", "B", "7", " ", "\"", "\\", "\n", "\t", std::string(1, '\0'), "é",
                          "→", "😀", "/", "${X}", "{")),
                      [](const std::vector<std::string>& parts) {
                        std::string out;
                        for (const auto& part : parts) out += part;
                        return out;
                      });
}

template <class T>
std::vector<T> some(const std::function<T()>& make) {
  std::vector<T> out;
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) out.push_back(make());
  return out;
}

inline std::string any_text() {
  return *text();
}
inline std::vector<std::string> texts() {
  return some<std::string>(any_text);
}
inline bool coin() {
  return *rc::gen::arbitrary<bool>();
}

inline Json json(int depth = 2) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0:
      return nullptr;
    case 1:
      return coin();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return Json(any_text());
    case 4: {
      JsonArray array;
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) array.push_back(json(depth - 1));
      return array;
    }
    default: {
      JsonObject object;
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) object[any_text()] = json(depth - 1);
      return object;
    }
  }
}

inline ResourceId resource_id() {
  return {any_text(), any_text(), any_text()};
}
inline Difference difference() {
  return {any_text(), any_text(), any_text()};
}
inline EnvironmentId environment() {
  return {any_text(), any_text()};
}

inline Work work() {
  Work w;
  w.phase = static_cast<Phase>(*rc::gen::inRange(0, static_cast<int>(Phase::prune) + 1));
  w.verb = any_text();
  w.targets = some<ResourceId>(resource_id);
  w.anew = some<ResourceId>(resource_id);
  w.effect = coin() ? Effect::once : Effect::converge;
  w.input = json();
  w.expects = any_text();
  w.needs = some<ResourceId>(resource_id);
  w.calls = texts();
  return w;
}

inline Resource resource() {
  Resource r;
  r.id = resource_id();
  r.desired = any_text();
  r.observed = any_text();
  r.differences = some<Difference>(difference);
  r.state = any_text();
  r.summary = any_text();
  r.health = static_cast<Health>(*rc::gen::inRange(0, 5));
  r.ours = coin();
  r.artifact = coin();
  r.inputs = any_text();
  r.version = any_text();
  r.reason = any_text();
  r.version = any_text();
  for (const Aim aim : {Aim::run, Aim::match, Aim::remove})
    if (coin()) r.remedies[aim] = some<Work>(work);
  return r;
}

inline Observation observation() {
  return {some<Resource>(resource), texts()};
}

inline Step step() {
  Step s;
  s.name = any_text();
  s.shown = any_text();
  s.once = static_cast<Once>(*rc::gen::inRange(0, 3));
  s.once_key = any_text();
  s.warn = coin();
  s.work = work();
  s.then = some<Work>(work);
  return s;
}

inline Prepared prepared() {
  Prepared p;
  p.wanted = json();
  p.steps = some<Step>(step);
  for (auto& id : some<ResourceId>(resource_id)) p.required.insert(id);
  p.patience = Duration(*rc::gen::inRange(0, 1'000'000));
  p.digest = any_text();
  return p;
}

inline Request request() {
  return {environment(),
          any_text(),
          any_text(),
          json(),
          {any_text(), any_text(), any_text(), any_text()},
          json()};
}

inline Release release() {
  return {any_text(), any_text(), any_text(),
          WallTime(std::chrono::seconds(*rc::gen::inRange(0, 2'000'000'000)))};
}

inline Fate fate() {
  return static_cast<Fate>(*rc::gen::inRange(0, 5));
}

inline SealedRecords sealed_records() {
  SealedRecords all;
  for (auto& id : some<ResourceId>(resource_id))
    all[id] = {Sealed{*rc::gen::arbitrary<std::string>()}, coin()};
  return all;
}

inline Target target() {
  const auto at = WallTime(std::chrono::seconds(*rc::gen::inRange(0, 2'000'000'000)));
  return {any_text(), any_text(), any_text(), any_text(), any_text(), *rc::gen::inRange(0, 1000),
          at,         any_text()};
}
inline Memory memory() {
  Memory m;
  m.lineage = any_text();
  if (coin()) m.current = release();
  if (coin()) m.previous = release();
  for (auto& key : texts()) {
    m.once[key] = fate();
    m.once_attempt[key] = any_text();
  }
  if (coin()) m.unfinished = any_text();
  if (coin()) m.changed_to = any_text();
  if (coin()) m.target = target();
  m.touched = coin();
  for (auto& id : some<ResourceId>(resource_id)) m.unwell_before.insert(id);
  m.recorded_attempt = *rc::gen::inRange(0, 1'000'000);
  for (auto& id : some<ResourceId>(resource_id)) m.outdated[id] = {any_text(), any_text()};
  m.snapshots = sealed_records();
  return m;
}

inline Attempt attempt() {
  return {any_text(), environment(), any_text(), any_text(), work(), some<ResourceId>(resource_id)};
}
inline Outcome outcome() {
  return {fate(), json()};
}
inline Description description() {
  return {any_text(), texts(), texts(), texts(), texts()};
}
inline Finding finding() {
  return {coin(), any_text(), any_text()};
}

inline Variables variables() {
  Variables all;
  for (auto& name : texts()) all[name] = Variable{Secret(any_text()), any_text(), coin()};
  return all;
}

}  // namespace reconciler::values
