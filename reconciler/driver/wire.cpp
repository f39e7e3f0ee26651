#include "reconciler/driver/wire.hpp"

#include <array>

#include "reconciler/driver/fields.hpp"

namespace reconciler::wire {
namespace {

template <class Range>
JsonArray list(const Range& values) {
  JsonArray out;
  for (const auto& value : values) out.push_back(write(value));
  return out;
}

template <class E, size_t N>
bool parse_word(std::string_view text, E& into, const std::array<E, N>& all) {
  for (const E one : all) {
    if (Words<E>::text(one) != text) continue;
    into = one;
    return true;
  }
  return false;
}

}  // namespace

template <>
struct Words<Phase> {
  static std::string_view text(Phase phase) { return to_text(phase); }
  static bool parse(std::string_view text, Phase& into) {
    using enum Phase;
    return parse_word(text, into,
                      std::array{supply, preflight, start, backup, release, change, after, verify,
                                 record, prune});
  }
};

template <>
struct Words<Effect> {
  static std::string_view text(Effect effect) {
    return effect == Effect::once ? "once" : "converge";
  }
  static bool parse(std::string_view text, Effect& into) {
    return parse_word(text, into, std::array{Effect::converge, Effect::once});
  }
};

template <>
struct Words<Health> {
  static std::string_view text(Health health) { return to_text(health); }
  static bool parse(std::string_view text, Health& into) {
    using enum Health;
    return parse_word(text, into, std::array{none, starting, well, unwell, unknown});
  }
};

template <>
struct Words<Fate> {
  static std::string_view text(Fate fate) { return to_text(fate); }
  static bool parse(std::string_view text, Fate& into) {
    using enum Fate;
    return parse_word(text, into, std::array{succeeded, failed, running, not_started, unknown});
  }
};

template <>
struct Words<Aim> {
  static std::string_view text(Aim aim) {
    return aim == Aim::run ? "run" : aim == Aim::match ? "match" : "remove";
  }
  static bool parse(std::string_view text, Aim& into) {
    return parse_word(text, into, std::array{Aim::run, Aim::match, Aim::remove});
  }
};

template <>
struct Words<Once> {
  static std::string_view text(Once once) {
    return once == Once::tag ? "tag" : once == Once::change ? "switch" : "never";
  }
  static bool parse(std::string_view text, Once& into) {
    return parse_word(text, into, std::array{Once::tag, Once::change, Once::never});
  }
};

namespace {
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
  return JsonObject{{"phase", word(value.phase)},     {"verb", value.verb},
                    {"targets", list(value.targets)}, {"effect", word(value.effect)},
                    {"input", value.input},           {"expects", value.expects},
                    {"needs", list(value.needs)},     {"calls", to_json(value.calls)}};
}

Json write(const Resource& value) {
  JsonObject remedies;
  for (const auto& [aim, works] : value.remedies) remedies[word(aim)] = list(works);
  return JsonObject{{"id", write(value.id)},        {"desired", value.desired},
                    {"observed", value.observed},   {"differences", list(value.differences)},
                    {"state", value.state},         {"summary", value.summary},
                    {"health", word(value.health)}, {"ours", value.ours},
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

Json write(const Memory& value) {
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
                    {"current", release(value.current)},
                    {"previous", release(value.previous)},
                    {"once", std::move(once)},
                    {"once_attempt", std::move(attempts)},
                    {"unfinished", text(value.unfinished)},
                    {"changed_to", text(value.changed_to)}};
}

Json write(const Attempt& value) {
  return JsonObject{{"id", value.id},
                    {"environment", write(value.environment)},
                    {"lineage", value.lineage},
                    {"once_key", value.once_key},
                    {"work", write(value.work)}};
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

Status read(const Json& from, ResourceId& into) {
  Fields f(from, "resource id");
  f.text("driver", into.driver);
  f.text("kind", into.kind);
  f.text("name", into.name);
  return f.done();
}

Status read(const Json& from, Difference& into) {
  Fields f(from, "difference");
  f.text("field", into.field);
  f.text("before", into.before);
  f.text("after", into.after);
  return f.done();
}

Status read(const Json& from, Work& into) {
  Fields f(from, "work");
  f.word("phase", into.phase);
  f.text("verb", into.verb);
  f.values("targets", into.targets);
  f.word("effect", into.effect);
  f.json("input", into.input);
  f.text("expects", into.expects);
  f.values("needs", into.needs);
  f.texts("calls", into.calls);
  return f.done();
}

Status read(const Json& from, Resource& into) {
  Fields f(from, "resource");
  f.value("id", into.id);
  f.text("desired", into.desired);
  f.text("observed", into.observed);
  f.values("differences", into.differences);
  f.text("state", into.state);
  f.text("summary", into.summary);
  f.word("health", into.health);
  f.truth("ours", into.ours);
  f.text("reason", into.reason);
  if (const JsonObject* remedies = f.object("remedies"))
    for (const auto& [name, works] : *remedies) {
      Aim aim{};
      if (!Words<Aim>::parse(std::string_view(name.data(), name.size()), aim) ||
          !works.is_array()) {
        f.wrong("remedies", "is not a list of works for each of run, match and remove");
        break;
      }
      auto& list_of_aim = into.remedies[aim];
      for (const auto& work : works.get_array()) f.take(read(work, list_of_aim.emplace_back()));
    }
  return f.done();
}

Status read(const Json& from, Observation& into) {
  Fields f(from, "observation");
  f.values("resources", into.resources);
  f.texts("notices", into.notices);
  return f.done();
}

Status read(const Json& from, Step& into) {
  Fields f(from, "step");
  f.text("name", into.name);
  f.text("shown", into.shown);
  f.word("once", into.once);
  f.text("once_key", into.once_key);
  f.truth("warn", into.warn);
  f.value("work", into.work);
  f.values("then", into.then);
  return f.done();
}

Status read(const Json& from, Prepared& into) {
  Fields f(from, "prepared");
  std::int64_t patience = 0;
  f.json("wanted", into.wanted);
  f.values("steps", into.steps);
  f.value_set("required", into.required);
  f.number("patience_ms", patience);
  f.text("digest", into.digest);
  into.patience = Duration(patience);
  return f.done();
}

Status read(const Json& from, EnvironmentId& into) {
  Fields f(from, "environment");
  f.text("application", into.application);
  f.text("environment", into.environment);
  return f.done();
}

Status read(const Json& from, Request& into) {
  Fields f(from, "request");
  f.value("id", into.id);
  f.text("tag", into.tag);
  f.text("lineage", into.lineage);
  f.json("sections", into.sections);
  Json tree;
  f.json("tree", tree);
  Fields t(tree, "tree");
  t.text("path", into.tree.path);
  t.text("commit", into.tree.commit);
  t.text("index", into.tree.index);
  t.text("objects", into.tree.objects);
  f.take(t.done());
  f.json("host", into.host);
  return f.done();
}

Status read(const Json& from, Release& into) {
  Fields f(from, "release");
  std::int64_t at = 0;
  f.text("tag", into.tag);
  f.text("commit", into.commit);
  f.text("digest", into.digest);
  f.number("at", at);
  into.at = WallTime(std::chrono::seconds(at));
  return f.done();
}

Status read(const Json& from, Memory& into) {
  Fields f(from, "memory");
  f.text("lineage", into.lineage);
  f.optional_value("current", into.current);
  f.optional_value("previous", into.previous);
  std::map<std::string, std::string> once;
  f.text_map("once", once);
  for (const auto& [key, text] : once)
    if (!Words<Fate>::parse(text, into.once[key])) f.wrong("once", "has a fate that is none");
  f.text_map("once_attempt", into.once_attempt);
  f.optional_text("unfinished", into.unfinished);
  f.optional_text("changed_to", into.changed_to);
  return f.done();
}

Status read(const Json& from, Attempt& into) {
  Fields f(from, "attempt");
  f.text("id", into.id);
  f.value("environment", into.environment);
  f.text("lineage", into.lineage);
  f.text("once_key", into.once_key);
  f.value("work", into.work);
  return f.done();
}

Status read(const Json& from, Outcome& into) {
  Fields f(from, "outcome");
  f.word("fate", into.fate);
  f.json("evidence", into.evidence);
  return f.done();
}

Status read(const Json& from, Description& into) {
  Fields f(from, "description");
  f.text("name", into.name);
  f.texts("kinds", into.kinds);
  f.texts("sections", into.sections);
  f.texts("steps", into.steps);
  f.texts("verbs", into.verbs);
  return f.done();
}

Status read(const Json& from, Finding& into) {
  Fields f(from, "finding");
  f.truth("well", into.well);
  f.text("what", into.what);
  f.text("mend", into.mend);
  return f.done();
}

Status read(const Json& from, Variables& into) {
  const JsonObject* all = from.if_object();
  if (!all) return failure(error("driver.protocol", "variables is not an object"));
  for (const auto& [name, one] : *all) {
    Fields f(one, "variable");
    std::string text;
    Variable variable;
    f.text("value", text);
    f.text("from", variable.from);
    f.truth("secret", variable.secret);
    if (auto done = f.done(); !done) return done;
    variable.value = Secret(std::move(text));
    into[std::string(name)] = std::move(variable);
  }
  return {};
}

Status read_phase(std::string_view from, Phase& into) {
  if (Words<Phase>::parse(from, into)) return {};
  return failure(error("driver.protocol", fmt::format("\"{}\" is no phase", from)));
}

Status read_fate(std::string_view from, Fate& into) {
  if (Words<Fate>::parse(from, into)) return {};
  return failure(error("driver.protocol", fmt::format("\"{}\" is no fate", from)));
}

}  // namespace reconciler::wire
