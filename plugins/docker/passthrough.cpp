#include "plugins/docker/passthrough.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "plugins/docker/compose/allow_list.hpp"
#include "plugins/docker/compose/check_variables.hpp"
#include "plugins/docker/compose/stack.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// They look, or work inside of what runs.
const std::set<std::string_view> passed{"config", "events", "exec",  "images", "logs",   "ls",
                                        "port",   "ps",     "stats", "top",    "version"};

struct Refused {
  std::string_view name;
  std::string_view why;
  std::string_view instead;  ///< `{}` stands for APP/ENV
};

constexpr std::array refused{
    Refused{"up", "it replaces containers unasked", "reconciler apply {}"},
    Refused{"create", "it makes containers that no plan knows", "reconciler apply {}"},
    Refused{"start", "what is down is put right by a plan", "reconciler apply {}"},
    Refused{"unpause", "what is down is put right by a plan", "reconciler apply {}"},
    Refused{"down", "it takes all containers away, with -v their data too",
            "take it out of git; then: reconciler remove {}, which keeps volumes"},
    Refused{"rm", "kept containers are the way back", "reconciler apply {}, which removes them"},
    Refused{"stop", "it would be started again", "reconciler suspend {}; then: docker stop"},
    Refused{"kill", "it would be started again", "reconciler suspend {}; then: docker kill"},
    Refused{"pause", "it would be put right again", "reconciler suspend {}; then: docker pause"},
    Refused{"restart", "its dependents are restarted unasked", "reconciler restart {} SERVICE"},
    Refused{"run", "it starts a container that no plan knows, beside its release",
            "reconciler compose {} exec SERVICE COMMAND; or a step under release: in the manifest"},
    Refused{"build", "images are made from the commit that the tag means",
            "reconciler apply {} --until supply"},
    Refused{"pull", "images are fetched as the plan says", "reconciler apply {} --until supply"},
    Refused{"push", "it would give away what was made for this host",
            "docker push IMAGE, of: reconciler compose {} images"},
    Refused{"scale", "git says how many there are",
            "deploy: { replicas: N } in the compose file, committed"},
    Refused{"watch", "git says what runs", "commit it; then: reconciler apply {}"},
    Refused{"cp", "what is copied into a container is gone with the next one",
            "out of one: docker cp CONTAINER:PATH ., of: reconciler compose {} ps"},
};

/// Of `config`: what says nothing of any value.
bool shows_values(const std::vector<std::string>& arguments) {
  static const std::set<std::string_view> without{"--services", "--images", "--volumes",
                                                  "--profiles", "--quiet",  "-q"};
  return std::none_of(arguments.begin(), arguments.end(),
                      [](const std::string& one) { return without.contains(one); });
}

bool writes_a_file(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& one) {
    return one.starts_with("--output") || (one.starts_with("-o") && !one.starts_with("--"));
  });
}

std::string instead_of(const Refused& one, const EnvironmentId& id) {
  std::string out(one.instead);
  if (const auto at = out.find("{}"); at != std::string::npos) out.replace(at, 2, id.text());
  return out;
}

Status may_config(const EnvironmentId& id, const std::vector<std::string>& arguments,
                  bool to_terminal) {
  const std::string next = fmt::format("reconciler compose {} config --services", id.text());
  if (writes_a_file(arguments))
    return failure(
        error("usage", "compose config would write the values of variables to a file").next(next));
  if (!to_terminal && shows_values(arguments))
    return failure(error("usage",
                         "compose config prints the values of variables, and that to a terminal "
                         "alone")
                       .next(next));
  return {};
}

/// The variables of the stack; what steers Compose itself is ours.
std::map<std::string, std::string> environment_of(const PassRequest& request,
                                                  const PassWith& with) {
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : with.own)
    if (name == "PATH" || name == "HOME" || name == "TERM" || name == "LANG" || name == "COLUMNS" ||
        name == "LINES" || name == "NO_COLOR" || name.starts_with("LC_"))
      all[name] = value;
  for (const auto& [name, variable] : request.variables)
    if (!name.starts_with("COMPOSE_") && !name.starts_with("DOCKER_") && name != "PATH")
      all[name] = variable.value.reveal();
  all["DOCKER_HOST"] = "unix://" + with.socket;
  // Not where a variable of the stack called HOME says.
  const auto home = with.own.find("HOME");
  all["DOCKER_CONFIG"] = (home == with.own.end() ? "" : home->second) + "/.docker";
  return all;
}

/// All, so that what a step ran has a log, too; `config` is of what runs.
std::set<std::string> profiles_of(const PassRequest& request, const Json& compose) {
  if (request.arguments.at(0) != "config") return {"*"};
  std::set<std::string> all;
  for (auto& profile : texts_at(compose, "profiles")) all.insert(std::move(profile));
  if (const auto found = request.variables.find("COMPOSE_PROFILES");
      found != request.variables.end())
    for (const auto& profile : split(found->second.value.reveal(), ','))
      if (!trim(profile).empty()) all.insert(std::string(trim(profile)));
  return all;
}

}  // namespace

Status may_pass(const EnvironmentId& id, const std::vector<std::string>& arguments,
                bool to_terminal) {
  const std::string list = "passed on are: " + join({passed.begin(), passed.end()}, ", ");
  if (arguments.empty()) return failure(error("usage", "compose needs a subcommand").next(list));
  const std::string& name = arguments.front();
  if (name.starts_with('-'))
    return failure(error("usage", fmt::format("project, files and variables are given, so that no "
                                              "option stands before the subcommand: {}",
                                              printable(name, 100)))
                       .next(list));
  const auto found = std::find_if(refused.begin(), refused.end(),
                                  [&](const Refused& one) { return one.name == name; });
  if (found != refused.end())
    return failure(
        error("usage", fmt::format("compose {} would go round the plan: {}", name, found->why))
            .next(instead_of(*found, id)));
  if (!passed.contains(name))
    return failure(error("usage", fmt::format("compose {} is not passed on", printable(name, 100)))
                       .next(list));
  if (name == "config") return may_config(id, arguments, to_terminal);
  return {};
}

Result<Command> compose_command(const PassRequest& request, const PassWith& with) {
  const Request& of = request.request;
  const Json none = JsonObject{};
  const Json* section = member(of.sections, "compose");
  const Json& compose = section ? *section : none;
  auto tree = Tree::read(of.tree.path, of.tree.index, text_map_at(of.host, "files"));
  if (!tree) return failed(tree);
  auto stack = read_stack(*tree, texts_at(compose, "files"), request.variables);
  if (!stack) return failed(stack);
  std::string project = text_at(compose, "project");
  if (project.empty()) project = stack->name;
  if (project.empty()) project = of.id.application;
  // What of it Compose reads, or would obey, is held against the rules first, as when it compiles.
  if (auto good = check_variables(request.variables, project); !good) return failed(good);
  if (auto bad = check_written(*stack); !bad.empty()) return failure(gather(std::move(bad)));

  Command command;
  command.argv = {with.plugin, "--env-file",          "/dev/null", "-p",
                  project,     "--project-directory", tree->root()};
  for (const auto& profile : profiles_of(request, compose))
    command.argv.insert(command.argv.end(), {"--profile", profile});
  for (const auto& file : stack->paths()) command.argv.insert(command.argv.end(), {"-f", file});
  command.argv.insert(command.argv.end(), request.arguments.begin(), request.arguments.end());
  command.environment = environment_of(request, with);
  return command;
}

}  // namespace reconciler::docker
