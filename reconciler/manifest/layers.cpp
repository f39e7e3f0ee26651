#include "reconciler/manifest/layers.hpp"

#include <utility>

namespace reconciler {
namespace {

Node wrapped(std::string key, Node value) {
  Node map;
  map.kind = Node::Kind::map;
  map.spot = value.spot;
  Member member{std::move(key), value.spot, {}};
  member.value = std::move(value);
  map.members.push_back(std::move(member));
  return map;
}

}  // namespace

Node long_form(Node document) {
  for (auto& member : document.members) {
    Node& value = member.value;
    if (member.key == "source" && value.is(Node::Kind::scalar))
      value = wrapped("repository", std::move(value));
    else if (member.key == "compose" &&
             (value.is(Node::Kind::scalar) || value.is(Node::Kind::list)))
      value = wrapped("files", std::move(value));
    else if (member.key == "verify" && value.is(Node::Kind::list))
      value = wrapped("checks", std::move(value));
  }
  return document;
}

Node merge(Node base, const Node& over) {
  if (!base.is(Node::Kind::map) || !over.is(Node::Kind::map)) return over;
  for (const auto& member : over.members) {
    Node* inherited = base.find(member.key);
    if (inherited && member.value.is(Node::Kind::null)) {
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
