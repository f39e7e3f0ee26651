#include "reconciler/manifest/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconciler/base/duration.hpp"
#include "reconciler/base/expression.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/placeholders.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler {
namespace {

const std::vector<std::string> kinds{"run", "exec", "http", "logs", "service"};

/// Keys that have no meaning for a kind; all others of the table have one.
const std::map<std::string, std::vector<std::string>>& meaningless() {
  static const std::map<std::string, std::vector<std::string>> table{
      {"run", {"status"}},
      {"exec", {"status", "network", "volumes"}},
      {"http", {"command", "lines", "network", "volumes"}},
      {"logs", {"command", "status", "network", "volumes"}},
      {"service", {"command", "status", "contains", "forbid", "lines", "network", "volumes"}},
  };
  return table;
}

bool looks_like_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("${");
}

class StepReader {
 public:
  StepReader(StepList list, Places& places, std::vector<Error>& mistakes)
      : list_(list), places_(places), mistakes_(mistakes) {}

  JsonObject read(const Value& node, const std::string& pointer) {
    pointer_ = pointer;
    step_ = {};
    places_[pointer] = node.spot.place();
    if (node.is(Value::Kind::scalar))
      short_form(node);
    else
      long_form(node);
    return std::move(step_);
  }

 private:
  void note(Error e, const Spot& where) { mistakes_.push_back(std::move(e).at(where.place())); }

  void put(std::string_view key, Json value, const Spot& where) {
    step_[key] = std::move(value);
    places_[fmt::format("{}/{}", pointer_, key)] = where.place();
  }

  void short_form(const Value& node) {
    if (list_ == StepList::checks && !looks_like_url(node.text))
      return note(error("manifest.type", fmt::format("a check alone is a URL, and \"{}\" is none",
                                                     printable(node.text, 60)))
                      .next("write https://..., or a step such as { service: NAME }"),
                  node.spot);
    const std::string kind = list_ == StepList::release ? "run" : "http";
    finish(kind, node, node);
  }

  void long_form(const Value& node) {
    std::vector<std::string> found;
    for (const auto& member : node.members)
      if (std::ranges::find(kinds, member.key) != kinds.end()) found.push_back(member.key);
    if (list_ == StepList::backup && found.empty())
      return note(error("manifest.missing", "it has no exec")
                      .next("say in which service its command is executed: exec: SERVICE"),
                  node.spot);
    if (found.empty())
      return note(error("manifest.missing",
                        "a step has one of run, exec, http, logs and service, "
                        "and this has none")
                      .next("say what it does, such as run: SERVICE"),
                  node.spot);
    if (found.size() > 1)
      return note(error("manifest.conflict", fmt::format("a step has one of {}, and this has {}",
                                                         enumerate(kinds), enumerate(found)))
                      .next("make it two steps"),
                  node.member(found[1])->spot);
    const std::string& kind = found.front();
    for (const auto& member : node.members) {
      const auto& without = meaningless().at(kind);
      if (std::ranges::find(without, member.key) != without.end())
        note(error("manifest.unknown_key",
                   fmt::format("a step of {} has no key \"{}\"", kind, member.key))
                 .next(kind == "service" && member.key == "command"
                           ? "a command in a container of it is a step of exec: SERVICE"
                           : ""),
             member.spot);
      else if (member.key != kind)
        key(member);
    }
    if (kind == "exec" && !node.find("command"))
      note(error("manifest.missing", "a step of exec has a command, and this has none")
               .next("add command: ..."),
           node.spot);
    if (kind == "logs" && !node.find("forbid") && !node.find("contains"))
      note(error("manifest.missing", "a step of logs expects something, and this expects nothing")
               .next("add forbid: EXPRESSION or contains: TEXT"),
           node.spot);
    finish(kind, *node.find(kind), node);
  }

  /// Everything but the kind itself; the table has checked types and ranges.
  void key(const Member& member) {
    const Value& value = member.value;
    if (member.key == "command") return command(value);
    if (member.key == "timeout") {
      if (const auto timeout = parse_duration(value.text))
        put("timeout_ms", timeout->count(), value.spot);
      return;
    }
    if (member.key == "status" || member.key == "lines")
      return put(member.key, number_of(value), value.spot);
    if (member.key == "keep") return put(member.key, number_of(value), value.spot);
    if (member.key == "every") return;  // is the service's
    if (member.key == "network" || member.key == "volumes")
      return put(member.key, value.text == "true", value.spot);
    if (member.key == "warn") return put(member.key, value.text == "true", value.spot);
    if (member.key == "depends_on") return list(member.key, value);
    if (member.key == "forbid") {
      if (auto good = Expression::compile(value.text); !good) note(good.error(), value.spot);
    }
    if (member.key == "contains") placeholders(value);
    if (member.key == "name") {
      if (auto good = check_name("step", value.text); !good) note(good.error(), value.spot);
    }
    put(member.key, Json(value.text), value.spot);
  }

  void list(const std::string& key, const Value& value) {
    JsonArray out;
    const auto add = [&](const Value& one) {
      places_[fmt::format("{}/{}/{}", pointer_, key, out.size())] = one.spot.place();
      out.push_back(Json(one.text));
    };
    if (value.is(Value::Kind::scalar)) add(value);
    for (const auto& item : value.items) add(item);
    put(key, std::move(out), value.spot);
  }

  void command(const Value& value) {
    if (value.is(Value::Kind::list)) {
      list("command", value);
    } else {
      auto words = split_command(value.text);
      if (!words) return note(std::move(words.error()), value.spot);
      for (size_t i = 0; i < words->size(); ++i)
        places_[fmt::format("{}/command/{}", pointer_, i)] = value.spot.place();
      put("command", to_json(*words), value.spot);
    }
    if (step_["command"].as_array().empty())
      note(error("manifest.type", "command is empty, and wants a program and its arguments"),
           value.spot);
  }

  void placeholders(const Value& text) {
    if (auto good = references(text.text); !good) note(std::move(good.error()), text.spot);
  }

  /// The kind, and the defaults that hang on it.
  void finish(const std::string& kind, const Value& target, const Value& node) {
    if (target.text.empty())
      return note(error("manifest.type", fmt::format("{} is empty", kind)), target.spot);
    if (kind == "http" && !looks_like_url(target.text))
      note(error("manifest.type",
                 fmt::format("http is \"{}\", and wants a URL", printable(target.text, 60)))
               .next("begin it with https:// or http://"),
           target.spot);
    if (kind == "http") placeholders(target);
    put(kind, Json(target.text), target.spot);
    if (!step_.contains("name")) put("name", Json(target.text), target.spot);
    if (list_ != StepList::release) return;
    if (!step_.contains("when")) put("when", "before", target.spot);
    const Value* once = node.find("once");
    if (kind == "run" && !once) put("once", "tag", target.spot);
    if (kind != "run" && once && once->text == "tag")
      note(error("once.needs_run",
                 fmt::format("once: tag needs a container of its own, and {} has none", kind))
               .next("write run instead, or once: switch"),
           once->spot);
  }

  StepList list_;
  Places& places_;
  std::vector<Error>& mistakes_;
  std::string pointer_;
  JsonObject step_;
};

}  // namespace

JsonArray read_steps(const Value* node, StepList list, const std::string& pointer, Places& places,
                     std::vector<Error>& mistakes) {
  JsonArray out;
  if (!node || node->is(Value::Kind::null)) return out;
  StepReader reader(list, places, mistakes);
  std::map<std::string, Spot> names;
  const auto add = [&](const Value& one) {
    JsonObject step = reader.read(one, fmt::format("{}/{}", pointer, out.size()));
    const std::string name = text_at(step, "name");
    const Value* written = one.find("name");
    const Spot& where = written ? written->spot : one.spot;
    const auto [first, fresh] = names.emplace(name, where);
    if (!fresh && !name.empty())
      mistakes.push_back(error("manifest.duplicate_name",
                               fmt::format("two steps are called \"{}\", the first in line {}",
                                           printable(name, 60), first->second.line))
                             .at(where.place())
                             .next("give one of them another name"));
    out.push_back(std::move(step));
  };
  places[pointer] = node->spot.place();
  if (node->is(Value::Kind::list))
    for (const auto& item : node->items) add(item);
  else
    add(*node);
  return out;
}

}  // namespace reconciler
