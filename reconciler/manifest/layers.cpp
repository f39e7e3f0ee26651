#include "reconciler/manifest/layers.hpp"

#include <utility>

namespace reconciler {
namespace {

Value wrapped(std::string key, Value value) {
  Value map;
  map.kind = Value::Kind::map;
  map.spot = value.spot;
  Member member{std::move(key), value.spot, {}};
  member.value = std::move(value);
  map.members.push_back(std::move(member));
  return map;
}

}  // namespace

Value long_form(Value document) {
  for (auto& member : document.members) {
    Value& value = member.value;
    if (member.key == "source" && value.is(Value::Kind::scalar))
      value = wrapped("repository", std::move(value));
    else if (member.key == "compose" &&
             (value.is(Value::Kind::scalar) || value.is(Value::Kind::list)))
      value = wrapped("files", std::move(value));
    else if (member.key == "verify" && value.is(Value::Kind::list))
      value = wrapped("checks", std::move(value));
  }
  return document;
}

Value merge(Value base, const Value& over) {
  if (!base.is(Value::Kind::map) || !over.is(Value::Kind::map)) return over;
  for (const auto& member : over.members) {
    Value* inherited = base.find(member.key);
    if (inherited && member.value.is(Value::Kind::null)) {
      std::erase_if(base.members, [&](const Member& one) { return one.key == member.key; });
    } else if (inherited) {
      *inherited = merge(std::move(*inherited), member.value);
    } else {
      base.members.push_back(member);
    }
  }
  return base;
}

}  // namespace reconciler
