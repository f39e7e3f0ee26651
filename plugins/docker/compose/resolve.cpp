#include "plugins/docker/compose/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>

#include "plugins/docker/compose/allow_list.hpp"
#include "plugins/docker/compose/check_variables.hpp"
#include "plugins/docker/compose/interpolate.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/model/redaction.hpp"

namespace reconciler::docker {
namespace {

using Names = std::set<std::string>;

/// Compose writes the devices of `blkio_config` under names that it does not read: Go's.
void respell_devices(Json& model) {
  Json* services = model.is_object() ? model.get_object().if_contains("services") : nullptr;
  if (!services || !services->is_object()) return;
  for (auto& service : services->get_object()) {
    auto* own = service.value().if_object();
    auto* blkio = own ? own->if_contains("blkio_config") : nullptr;
    if (!blkio || !blkio->is_object()) continue;
    for (auto& list : blkio->get_object())
      if (auto* devices = list.value().if_array())
        for (Json& device : *devices) {
          JsonObject named;
          if (device.is_object())
            for (const auto& [key, value] : device.get_object()) {
              std::string name(key);
              name.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
              named[name] = value;
            }
          device = std::move(named);
        }
  }
}

Names unset_names(const std::string& err) {
  static const std::regex form(R"(The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set)");
  Names out;
  for (auto it = std::sregex_iterator(err.begin(), err.end(), form); it != std::sregex_iterator();
       ++it)
    out.insert((*it)[1]);
  return out;
}

/// `did you mean SITE_DOMAINS? .env.production has that`, of those that have a value and no use.
std::string meant(const std::string& name, const Stack& stack, const Variables& variables) {
  static const Names given{"TAG", "COMMIT", "APPLICATION", "ENVIRONMENT"};
  std::vector<std::string> known;
  for (const auto& [other, variable] : variables)
    if (stack.uses(other).empty() && !given.contains(other)) known.push_back(other);
  const auto near = nearest(name, known);
  if (!near) return "";
  const std::string& from = variables.at(*near).from;
  return fmt::format("did you mean {}? {} has that", *near, from.substr(0, from.rfind(':')));
}

Error unset_error(const Names& names, const Stack& stack, const Tree& tree,
                  const Variables& variables, const std::string& environment) {
  Error e =
      error("compose.variable_unset", fmt::format("{} that the compose files of {} use {} no value",
                                                  count(names.size(), "variable"), environment,
                                                  names.size() == 1 ? "has" : "have"));
  for (const auto& name : names) {
    std::vector<std::string> places;
    for (const auto& [place, service] : stack.uses(name))
      places.push_back(
          fmt::format("{}:{}{}", place.file, place.line, service.empty() ? "" : "  " + service));
    if (places.size() > 5) places.resize(5);
    e.facts.push_back(
        {name, "not set      " + (places.empty() ? std::string("used by the compose files")
                                                 : join(places, ", "))});
    if (const auto hint = meant(name, stack, variables); !hint.empty())
      e.facts.push_back({"", std::string(std::string_view("not set      ").size(), ' ') + hint});
  }
  e.hint =
      "set them under `variables:`, have a provider say them, or write ${NAME:-} where empty is "
      "meant";
  // Compose reads that one unasked.
  if (tree.entry(".env"))
    e.hint += "; .env is not read by itself: write variables: { env_file: .env }";
  return e;
}

Error compose_error(const Finished& finished, const Stack& stack, const Variables& variables) {
  static const std::regex required(
      R"(required variable ([A-Za-z_][A-Za-z0-9_]*) is missing a value)");
  const std::string words = printable(Redaction(variables).text(words_of(finished.err)), 2000);
  std::smatch match;
  if (std::regex_search(words, match, required)) {
    const std::string name = match[1];
    Error e = error("compose.variable_required",
                    fmt::format("the compose file requires {}, which has no value", name));
    const auto uses = stack.uses(name);
    if (!uses.empty()) e.place = uses.front().first;
    return std::move(e).with("compose", words).next("set it under `variables:`");
  }
  if (words.find("container name") != std::string::npos &&
      words.find("already") != std::string::npos)
    return error("compose.name_conflict", "two services want one container name: " + words)
        .at(stack.place({"services"}));
  if (words.find("no service selected") != std::string::npos ||
      words.find("empty compose file") != std::string::npos)
    return error("compose.no_services", "the compose files name no service")
        .at(stack.place({"services"}));
  return error("compose.invalid", "Compose refuses the compose files: " + words)
      .at(stack.place({}));
}

class Resolver {
 public:
  Resolver(const CompileInput& input, const Variables& variables, const Tree& tree,
           const Stack& stack, const std::string& plugin, const Scratch& scratch, Duration timeout,
           std::stop_token stop)
      : input_(input),
        variables_(variables),
        tree_(tree),
        stack_(stack),
        plugin_(plugin),
        scratch_(scratch),
        timeout_(timeout),
        stop_(std::move(stop)) {}

  /// What runs under the one would be left beside the other, with its data.
  Error two_names() const {
    return error("compose.project_name",
                 fmt::format("the compose file names the project \"{}\", and the manifest, which "
                             "names none, \"{}\"",
                             printable(stack_.name, 100), out_.project))
        .at(stack_.place({"name"}))
        .next(fmt::format("write `compose: {{ project: {} }}` in the manifest, or the project that "
                          "is to be",
                          printable(stack_.name, 100)));
  }

  Result<Resolved> run() {
    const Json none = JsonObject{};
    const Json* section = member(input_.sections, "compose");
    const Json& compose = section ? *section : none;
    out_.project = text_at(compose, "project");
    if (out_.project.empty()) out_.project = stack_.name;
    if (out_.project.empty()) out_.project = input_.id.application;
    if (!stack_.name.empty() && stack_.name != out_.project &&
        truth_at(compose, "project_by_default"))
      return failure(two_names());
    if (auto good = check_variables(variables_, out_.project); !good) return failed(good);
    if (auto bad = check_written(stack_); !bad.empty()) return failure(gather(std::move(bad)));
    targets_ = step_targets(input_.sections);
    for (const auto& target : targets_)
      if (target.task) out_.tasks.insert(target.service);
    // What a service itself does as a task, it does not do as a service.
    for (const auto& target : targets_)
      if (target.task && !target.own_command) nothing_else_.insert(target.service);

    for (auto& profile : texts_at(compose, "profiles")) profiles_.insert(std::move(profile));
    if (const auto found = variables_.find("COMPOSE_PROFILES"); found != variables_.end())
      for (const auto& profile : split(found->second.value.reveal(), ','))
        if (!trim(profile).empty()) profiles_.insert(std::string(trim(profile)));
    Names wider = profiles_;
    for (const auto& target : targets_)
      for (auto& profile : stack_.profiles(target.service)) wider.insert(std::move(profile));

    if (auto done = config(wider); !done) return failed(done);
    const auto missing = [&] {
      return std::any_of(targets_.begin(), targets_.end(),
                         [&](const auto& t) { return !service(t.service); });
    };
    // A profile may come by `extends` or an include, where it is not seen beforehand.
    if (missing()) {
      if (auto done = config({"*"}); !done) return failed(done);
    }
    if (auto good = names_exist(compose); !good) return failed(good);
    if (auto cut = cut_down(); !cut) return failed(cut);
    if (auto bad = check_resolved(out_.model, stack_); !bad.empty())
      return failure(gather(std::move(bad)));
    if (out_.active.empty() && out_.tasks.empty())
      return failure(error("compose.no_services",
                           "no service of the compose files runs: each stands under a profile that "
                           "is not active")
                         .at(stack_.place({"services"}))
                         .next("name one under `compose.profiles`"));
    return std::move(out_);
  }

 private:
  Status config(const Names& profiles) {
    ComposeRun run;
    run.plugin = plugin_;
    run.project = out_.project;
    run.tree = tree_.root();
    run.files = stack_.paths();
    run.profiles = {profiles.begin(), profiles.end()};
    run.arguments = {"config", "--format", "json"};
    for (const auto& [name, variable] : variables_)
      if (!name.starts_with("COMPOSE_")) run.variables[name] = variable.value.reveal();
    auto finished = run_compose(run, scratch_, timeout_, stop_);
    if (!finished) return failed(finished);
    if (const Names unset = unset_names(finished->err); !unset.empty())
      return failure(unset_error(unset, stack_, tree_, variables_, input_.id.text()));
    if (finished->exit_code != 0) return failure(compose_error(*finished, stack_, variables_));
    // HOME and PATH are ours in that process: a compose file that uses them gets no such value.
    if (finished->out.find(scratch_.path()) != std::string::npos)
      return failure(
          error("compose.variable_unset",
                "a compose file uses ~, HOME or PATH, and no variable says what they are")
              .next("write the path itself, or set HOME under `variables:`"));
    auto model = parse_json(finished->out);
    if (!model) return failure(error("compose.invalid", "what Compose writes is not JSON"));
    out_.model = std::move(*model);
    respell_devices(out_.model);
    if (!out_.model.is_object() || !member(out_.model, "services") ||
        !member(out_.model, "services")->is_object() ||
        member(out_.model, "services")->get_object().empty())
      return failure(error("compose.no_services", "the compose files name no service")
                         .at(stack_.place({"services"})));
    return {};
  }

  const Json* service(const std::string& name) const {
    return member(*member(out_.model, "services"), name);
  }

  Status names_exist(const Json& compose) const {
    std::vector<Error> errors;
    const auto known = stack_.services();
    const auto check = [&](const std::string& name, const std::string& pointer) {
      if (service(name) || std::find(known.begin(), known.end(), name) != known.end()) return;
      Error e = error("compose.service_unknown",
                      fmt::format("no service \"{}\" at {}", printable(name, 100), input_.tag));
      if (const auto near = nearest(name, known))
        e.hint = fmt::format("did you mean \"{}\"?", *near);
      errors.push_back(std::move(e).at({.file = "#" + pointer, .source = ""}));
    };
    for (const auto& target : targets_) check(target.service, target.pointer);
    const auto jobs = texts_at(compose, "jobs");
    for (size_t i = 0; i < jobs.size(); ++i) check(jobs[i], fmt::format("/compose/jobs/{}", i));
    if (errors.empty()) return {};
    return failure(gather(std::move(errors)));
  }

  bool runs(const std::string& name, const Json& value) const {
    if (nothing_else_.contains(name)) return false;
    const auto own = texts_at(value, "profiles");
    return own.empty() || profiles_.contains("*") ||
           std::any_of(own.begin(), own.end(),
                       [&](const auto& p) { return profiles_.contains(p); });
  }

  /// Services of profiles that were on for a task's sake only go again. Dependencies on tasks go
  /// too: steps run those, in the manifest's order. An optional dependency on a service of an
  /// inactive profile stays, since an older Compose's hash covers it, and a stand-in with it:
  /// Compose refuses one that is defined nowhere (ENGINE rule 4).
  Status cut_down() {
    auto& services = out_.model.as_object()["services"].as_object();
    Names kept;
    for (const auto& pair : services) {
      const std::string name(pair.key());
      if (runs(name, pair.value())) out_.active.insert(name);
      if (out_.active.contains(name) || out_.tasks.contains(name)) kept.insert(name);
    }
    std::erase_if(out_.tasks, [&](const auto& name) { return !kept.contains(name); });
    Names all;
    for (const auto& pair : services) all.insert(std::string(pair.key()));
    for (const auto& name : all)
      if (!kept.contains(name)) services.erase(name);
    Names absent;
    for (auto& pair : services) {
      auto* dependencies =
          pair.value().is_object() ? pair.value().get_object().if_contains("depends_on") : nullptr;
      if (!dependencies || !dependencies->is_object()) continue;
      Names gone;
      for (const auto& dependency : dependencies->get_object())
        if (!out_.active.contains(std::string(dependency.key())))
          gone.insert(std::string(dependency.key()));
      const std::string name(pair.key());
      for (const auto& other : gone)
        if (out_.active.contains(name) && !out_.tasks.contains(other) &&
            truth_at(dependencies->at(other), "required", true))
          return failure(
              error("compose.invalid",
                    fmt::format("{} depends on {}, whose profile is not active", name, other))
                  .at(stack_.place({"services", name, "depends_on"}))
                  .next("name the profile under `compose.profiles`"));
      for (const auto& other : gone) {
        if (out_.active.contains(name) && !out_.tasks.contains(other))
          absent.insert(other);
        else
          dependencies->get_object().erase(other);
      }
      if (dependencies->get_object().empty()) pair.value().get_object().erase("depends_on");
    }
    for (const auto& name : absent)
      services[name] =
          JsonObject{{"image", "absent"}, {"profiles", JsonArray{Json(absent_profile)}}};
    return {};
  }

  const CompileInput& input_;
  const Variables& variables_;
  const Tree& tree_;
  const Stack& stack_;
  const std::string& plugin_;
  const Scratch& scratch_;
  Duration timeout_;
  std::stop_token stop_;
  std::vector<StepTarget> targets_;
  Names profiles_;
  Names nothing_else_;  ///< tasks that are no service
  Resolved out_;
};

}  // namespace

std::vector<StepTarget> step_targets(const Json& sections) {
  std::vector<StepTarget> out;
  const auto steps = [&](const Json* list, const std::string& pointer, bool asks = false) {
    if (!list || !list->is_array()) return;
    for (size_t i = 0; i < list->get_array().size(); ++i) {
      const Json& step = list->get_array()[i];
      for (const char* kind : {"run", "exec", "logs", "service"}) {
        const std::string target = text_at(step, kind);
        if (!target.empty() && target != "*")
          out.push_back({target, fmt::format("{}/{}/{}", pointer, i, kind),
                         std::string_view(kind) == "run",
                         asks || !texts_at(step, "command").empty()});
      }
      const auto dependencies = texts_at(step, "depends_on");
      for (size_t d = 0; d < dependencies.size(); ++d)
        out.push_back({dependencies[d], fmt::format("{}/{}/depends_on/{}", pointer, i, d)});
    }
  };
  steps(member(sections, "preflight"), "/preflight", true);
  for (const char* section : {"backup", "restore", "release"})
    steps(member(sections, section), std::string("/") + section);
  if (const auto* verify = member(sections, "verify"))
    steps(member(*verify, "checks"), "/verify/checks", true);
  return out;
}

Result<Resolved> resolve(const CompileInput& input, const Variables& variables, const Tree& tree,
                         const Stack& stack, const std::string& plugin, const Scratch& scratch,
                         Duration timeout, std::stop_token stop) {
  return Resolver(input, variables, tree, stack, plugin, scratch, timeout, std::move(stop)).run();
}

}  // namespace reconciler::docker
