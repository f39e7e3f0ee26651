#include "reconciler/manifest/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reconciler/base/duration.hpp"
#include "reconciler/base/expression.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/paths.hpp"
#include "reconciler/manifest/placeholders.hpp"
#include "reconciler/manifest/steps.hpp"

namespace reconciler {
namespace {

constexpr int usual_backups = 7;

bool variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
  };
  return !name.empty() && name.size() <= 200 && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool always_there(std::string_view name) {
  return name == "TAG" || name == "COMMIT" || name == "APPLICATION" || name == "ENVIRONMENT";
}

class EnvironmentReader {
 public:
  EnvironmentReader(EnvironmentSpec& spec, const Value& merged, std::vector<Error>& mistakes)
      : spec_(spec), merged_(merged), mistakes_(mistakes) {}

  void read() {
    spec_.places[""] = merged_.spot.place();
    source();
    tag();
    if (const Value* host = at("host")) spec_.host = host->text;
    if (const Value* approval = at("approval")) spec_.approval = approval->text == "required";
    variables();
    JsonObject sections;
    sections["compose"] = compose();
    sections["data"] = paths("data", at("data"), "/data");
    sections["images"] = images();
    // Not there where it says nothing: what a model is made from stays the same.
    for (const auto& [key, list] : {std::pair{"preflight", StepList::checks},
                                    {"backup", StepList::backup},
                                    {"restore", StepList::backup}})
      if (auto steps = read_steps(at(key), list, fmt::format("/{}", key), spec_.places, mistakes_);
          !steps.empty())
        sections[key] = std::move(steps);
    backups(sections);
    sections["release"] =
        read_steps(at("release"), StepList::release, "/release", spec_.places, mistakes_);
    sections["verify"] = verify();
    // Not there where it says nothing.
    if (auto kept = texts(at(at("switch"), "protect"), "/protect"); !kept.empty()) {
      for (const auto& name : kept) spec_.protect.emplace_back(name.get_string());
      sections["protect"] = std::move(kept);
    }
    spec_.sections = std::move(sections);
    rest();
  }

 private:
  /// A null means as much as no key.
  static const Value* at(const Value* map, std::string_view key) {
    const Value* value = map ? map->find(key) : nullptr;
    return value && !value->is(Value::Kind::null) ? value : nullptr;
  }
  const Value* at(std::string_view key) const { return at(&merged_, key); }
  void note(Error e, const Spot& where) { mistakes_.push_back(std::move(e).at(where.place())); }
  void hold(Status status, const Spot& where) {
    if (!status) note(std::move(status.error()), where);
  }

  void tag() {
    const Value* tag = merged_.find("tag");
    if (!tag)
      return note(error("manifest.missing", fmt::format("{} has no tag", spec_.id.text()))
                      .next("write the version wanted, such as tag: v1.2.3"),
                  merged_.spot);
    spec_.tag = tag->text;
    spec_.tag_place = tag->spot.place();
    if (tag->is(Value::Kind::scalar)) hold(check_tag(tag->text, spec_.source.tags), tag->spot);
  }

  void source() {
    const Value* source = at("source");
    spec_.source.tags = TagDiscipline::any;  // nothing resolves the tag where there is no source
    if (!source) return;
    const Value* repository = at(source, "repository");
    const Value* tags = at(source, "tags");
    if (!repository)
      return note(error("manifest.missing", "source has no repository")
                      .next("add repository: URL, or write the URL alone"),
                  source->spot);
    const std::string& location = repository->text;
    spec_.source.place = repository->spot.place();
    if (location == ".") {
      spec_.source.kind = Source::Kind::same;
    } else {
      spec_.source.kind = Source::Kind::repository;
      spec_.source.location = location;
      spec_.source.tags = TagDiscipline::semver;
      if (location.empty()) note(error("manifest.type", "source is empty"), repository->spot);
    }
    if (!tags) return;
    for (const auto one :
         {TagDiscipline::semver, TagDiscipline::commit, TagDiscipline::build, TagDiscipline::any})
      if (to_text(one) == tags->text) spec_.source.tags = one;
  }

  void variables() {
    const Value* variables = at("variables");
    if (const Value* files = at(variables, "env_file")) {
      if (files->is(Value::Kind::list))
        for (const auto& item : files->items) env_file(item);
      else
        env_file(*files);
    }
    if (const Value* set = at(variables, "set"))
      for (const auto& member : set->members) {
        if (member.value.is(Value::Kind::null)) continue;
        name_of_variable(member.key, member.spot);
        if (always_there(member.key))
          note(error("variables.reserved", fmt::format("{} is set by the reconciler", member.key))
                   .next("use another name"),
               member.spot);
        placeholders(member.value);
        spec_.set.push_back({member.key, member.value.text, member.value.spot.place()});
      }
    if (const Value* required = at(variables, "required")) {
      for (const auto& item : required->items) {
        name_of_variable(item.text, item.spot);
        spec_.required.push_back({item.text, "", item.spot.place()});
      }
      for (const auto& member : required->members) {
        if (member.value.is(Value::Kind::null)) continue;
        name_of_variable(member.key, member.spot);
        if (auto good = Expression::compile(member.value.text); !good)
          note(std::move(good.error()), member.value.spot);
        spec_.required.push_back({member.key, member.value.text, member.value.spot.place()});
      }
    }
  }

  void env_file(const Value& node) {
    const bool keys = node.is(Value::Kind::map);
    const Value* path = keys ? node.find("path") : &node;
    const Value* provider = keys ? node.find("provider") : nullptr;
    if (!path && !provider)
      return note(error("manifest.missing", "an env file has a path, and this has none"),
                  node.spot);
    if (path) hold(check_tree_path("env_file", path->text), path->spot);
    spec_.env_files.push_back({path ? path->text : "", (provider ? provider : path)->spot.place(),
                               provider ? provider->text : ""});
  }

  void placeholders(const Value& text) {
    if (auto good = references(text.text); !good) note(std::move(good.error()), text.spot);
  }

  void name_of_variable(const std::string& name, const Spot& where) {
    if (!variable_name(name))
      note(
          error("name.invalid", fmt::format("\"{}\" is no name of a variable", printable(name, 60)))
              .next("letters, digits and _ alone, and no digit first"),
          where);
  }

  JsonArray texts(const Value* node, const std::string& pointer) {
    JsonArray out;
    if (!node) return out;
    const auto add = [&](const Value& one) {
      spec_.places[fmt::format("{}/{}", pointer, out.size())] = one.spot.place();
      out.push_back(Json(one.text));
    };
    spec_.places[pointer] = node->spot.place();
    if (node->is(Value::Kind::scalar)) add(*node);
    for (const auto& item : node->items) add(item);
    return out;
  }

  JsonArray paths(std::string_view what, const Value* node, const std::string& pointer) {
    const auto one = [&](const Value& path) { hold(check_tree_path(what, path.text), path.spot); };
    if (node && node->is(Value::Kind::scalar)) one(*node);
    if (node) std::ranges::for_each(node->items, one);
    return texts(node, pointer);
  }

  JsonObject compose() {
    const Value* compose = at("compose");
    JsonObject out;
    if (const Value* files = at(compose, "files")) {
      if (files->is(Value::Kind::list) && files->items.empty())
        note(error("manifest.type", "compose.files is empty")
                 .next("name a file, or leave it out: Compose's own rules find them"),
             files->spot);
      out["files"] = paths("compose.files", files, "/compose/files");
    }
    const Value* project = at(compose, "project");
    if (project) hold(check_name("project", project->text), project->spot);
    out["project"] = project ? project->text : spec_.id.application;
    if (!project) out["project_by_default"] = true;
    out["profiles"] = texts(at(compose, "profiles"), "/compose/profiles");
    out["jobs"] = texts(at(compose, "jobs"), "/compose/jobs");
    if (const Value* remove = at(at("switch"), "remove_orphans"); remove && remove->text == "true")
      out["remove_orphans"] = true;
    spec_.places["/compose"] = (compose ? compose : &merged_)->spot.place();
    spec_.places["/compose/project"] = (project   ? project
                                        : compose ? compose
                                                  : &merged_)
                                           ->spot.place();
    return out;
  }

  JsonObject images() {
    const Value* images = at("images");
    JsonObject out{{"no_cache", false}, {"pull", false}};
    if (!images) return out;
    spec_.places["/images"] = images->spot.place();
    const Value* build = at(images, "build");
    const Spot& mode = build ? build->spot : images->spot;
    if (const Value* also = at(images, "also"); also && !also->items.empty()) {
      for (const auto& item : also->items) placeholders(item);
      out["also"] = texts(also, "/images/also");
    }
    if (images->is(Value::Kind::scalar) || build) {
      out["mode"] = build ? "build" : images->text;
      spec_.places["/images/mode"] = mode.place();
    }
    for (const char* key : {"no_cache", "pull"})
      if (const Value* value = at(build, key)) {
        out[key] = value->text == "true";
        spec_.places[fmt::format("/images/{}", key)] = value->spot.place();
      }
    return out;
  }

  JsonObject verify() {
    const Value* verify = at("verify");
    if (verify) spec_.places["/verify"] = verify->spot.place();
    if (const Value* timeout = at(verify, "timeout"))
      if (const auto parsed = parse_duration(timeout->text)) spec_.verify_timeout = *parsed;
    if (const Value* watch = at(verify, "watch"))
      if (const auto parsed = parse_duration(watch->text)) spec_.watch = *parsed;
    if (const Value* stable = at(verify, "stable"))
      if (const auto parsed = parse_duration(stable->text)) spec_.verify_stable = *parsed;
    return {{"checks", read_steps(at(verify, "checks"), StepList::checks, "/verify/checks",
                                  spec_.places, mistakes_)}};
  }

  void backups(JsonObject& sections) {
    if (const Value* every = at(at("backup"), "every"))
      if (const auto parsed = parse_duration(every->text)) {
        spec_.backup_every = *parsed;
        if (*parsed < std::chrono::seconds(1))
          note(error("duration.invalid", fmt::format("a backup every {} would never end and let "
                                                     "all older ones go",
                                                     every->text))
                   .next("write 24h, or leave it out"),
               every->spot);
      }
    if (Json* backup = sections.if_contains("backup"); backup && !at(at("backup"), "keep"))
      if (JsonObject* step = backup->as_array()[0].if_object()) (*step)["keep"] = usual_backups;
    if (sections.contains("restore") && !sections.contains("backup"))
      note(error("manifest.missing", "there is a restore, and no backup that it could bring back")
               .next("say how one is made: backup: { exec: SERVICE, command: ... }"),
           at("restore")->spot);
  }

  void rest() {
    if (const Value* on_failure = at("on_failure"))
      spec_.on_failure = on_failure->text == "hold" ? OnFailure::hold : OnFailure::rollback;
    if (const Value* irreversible = at("irreversible"))
      for (const auto& tag : irreversible->items) spec_.irreversible.push_back(tag.text);
    if (const Value* drift = at("drift")) spec_.heal = drift->text != "report";
    if (const Value* keep = at("keep")) {
      spec_.keep.reset();
      if (keep->text != "all") spec_.keep = static_cast<int>(number_of(*keep));
    }
    if (const Value* folder = at("state_files")) {
      hold(check_host_path("state_files", folder->text), folder->spot);
      spec_.state_files = clean_path(folder->text);
      spec_.state_files_place = folder->spot.place();
    }
  }

  EnvironmentSpec& spec_;
  const Value& merged_;
  std::vector<Error>& mistakes_;
};

}  // namespace

EnvironmentSpec read_environment(const EnvironmentId& id, const std::string& folder,
                                 const Value& merged, std::vector<Error>& mistakes) {
  EnvironmentSpec spec;
  spec.id = id;
  spec.folder = folder;
  EnvironmentReader(spec, merged, mistakes).read();
  return spec;
}

}  // namespace reconciler
