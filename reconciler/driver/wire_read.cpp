#include "reconciler/base/digest.hpp"
#include "reconciler/driver/wire.hpp"
#include "reconciler/driver/words.hpp"

namespace reconciler::wire {

namespace {

struct OneRecord {
  ResourceId id;
  SealedRecord record;
};

Status read(const Json& from, OneRecord& into) {
  Fields f(from, "snapshot");
  std::string box;
  f.value("id", into.id);
  f.truth("at_each_look", into.record.at_each_look);
  f.text("box", box);
  if (auto bytes = from_base64(box))
    into.record.sealed.box = std::move(*bytes);
  else
    f.wrong("box", "is not base64");
  return f.done();
}

struct OneOutdated {
  ResourceId id;
  Outdated how;
};

Status read(const Json& from, OneOutdated& into) {
  Fields f(from, "outdated");
  f.value("id", into.id);
  f.text("inputs", into.how.inputs);
  f.text("reason", into.how.reason);
  return f.done();
}

}  // namespace

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
  f.optional_values("anew", into.anew);
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
  f.truth("artifact", into.artifact);
  f.truth("supply", into.supply);
  f.text("inputs", into.inputs);
  f.text("version", into.version);
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

Status read(const Json& from, Recorded& into) {
  Fields f(from, "recorded");
  f.value("id", into.id);
  f.text("lineage", into.lineage);
  f.text("tag", into.tag);
  f.json("wanted", into.wanted);
  f.values("steps", into.steps);
  f.truth("complete", into.complete);
  f.take(read(from, into.records));
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

Status read(const Json& from, Target& into) {
  Fields f(from, "target");
  std::int64_t at = 0;
  f.text("tag", into.tag);
  f.text("rejected", into.rejected);
  f.text("rejected_tag", into.rejected_tag);
  f.text("reason", into.reason);
  f.text("why", into.why);
  f.number("run", into.run);
  f.number("at", at);
  f.text("failed_tag", into.failed_tag);
  into.at = WallTime(std::chrono::seconds(at));
  return f.done();
}

Status read(const Json& from, SealedRecords& into) {
  Fields f(from, "snapshots");
  std::vector<OneRecord> all;
  f.values("snapshots", all);
  for (auto& one : all)
    if (!into.try_emplace(std::move(one.id), std::move(one.record)).second)
      f.wrong("snapshots", "has two of one thing");
  return f.done();
}

Status read(const Json& from, Memory& into) {
  Fields f(from, "memory");
  f.text("lineage", into.lineage);
  f.truth("adopted", into.adopted);
  f.number("newest_attempt", into.newest_attempt);
  f.optional_value("current", into.current);
  f.optional_value("previous", into.previous);
  std::map<std::string, std::string> once;
  f.text_map("once", once);
  for (const auto& [key, text] : once)
    if (!Words<Fate>::parse(text, into.once[key])) f.wrong("once", "has a fate that is none");
  f.text_map("once_attempt", into.once_attempt);
  f.optional_text("unfinished", into.unfinished);
  f.optional_text("changed_to", into.changed_to);
  f.optional_value("target", into.target);
  f.truth("touched", into.touched);
  f.value_set("unwell_before", into.unwell_before);
  f.number("recorded_attempt", into.recorded_attempt);
  f.truth("kept", into.kept);
  std::vector<OneOutdated> outdated;
  f.values("outdated", outdated);
  for (auto& one : outdated) into.outdated[one.id] = std::move(one.how);
  f.take(read(from, into.snapshots));
  return f.done();
}

Status read(const Json& from, Attempt& into) {
  Fields f(from, "attempt");
  f.text("id", into.id);
  f.value("environment", into.environment);
  f.text("lineage", into.lineage);
  f.text("once_key", into.once_key);
  f.value("work", into.work);
  f.values("excused", into.excused);
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
