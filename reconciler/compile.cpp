#include "reconciler/compile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/known_variables.hpp"
#include "reconciler/manifest/env_file.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/manifest/variables.hpp"
#include "reconciler/request.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration prepare_within{3min};

Json policy_json(const Policy& policy) {
  JsonObject capabilities;
  for (const auto& [who, what] : policy.capabilities) capabilities[who] = to_json(what);
  JsonObject devices;
  for (const auto& [who, what] : policy.devices) devices[who] = to_json(what);
  return JsonObject{{"state_files", to_json(policy.state_files)},
                    {"binds", to_json(policy.binds)},
                    {"docker_socket", to_json(policy.docker_socket)},
                    {"privileged", to_json(policy.privileged)},
                    {"host_network", to_json(policy.host_network)},
                    {"capabilities", std::move(capabilities)},
                    {"devices", std::move(devices)},
                    {"external", to_json(policy.external)}};
}

HostEnvironment of_host(const Host& host, const EnvironmentId& id) {
  const auto found = host.environments.find(id.text());
  return found == host.environments.end() ? HostEnvironment{} : found->second;
}

}  // namespace

std::string backups_of(const Host& host, const std::string& state, const EnvironmentId& id) {
  const std::string root = host.backups.empty() ? state + "/backups" : host.backups;
  return fmt::format("{}/{}/{}", root, id.application, id.environment);
}

namespace {

/// What drivers are told of the host for one environment.
Json host_json(const Parts& parts, const Asked& asked) {
  const EnvironmentSpec& spec = asked.spec;
  const HostEnvironment own = of_host(parts.host, spec.id);
  const std::string place = spec.id.application + "/" + spec.id.environment;
  JsonObject files;
  for (const auto& [in_tree, real] : own.files) files[in_tree] = real;
  JsonArray adopted;
  if (auto lineages = parts.ledger.lineages(spec.id))
    for (const auto& lineage : *lineages) adopted.emplace_back(lineage);
  JsonObject all{
      {"data", own.data.empty() ? fmt::format("{}/{}", parts.host.data, place) : own.data},
      {"files", std::move(files)},
      {"policy", policy_json(parts.host.policy)},
      {"state", parts.state},
      {"state_files", spec.state_files},
      {"file", parts.host.file},
      {"adopted", std::move(adopted)}};
  if (parts.host.build_cache) all["build_cache"] = *parts.host.build_cache;
  if (asked.rebuild) all["rebuild"] = true;
  return all;
}

/// Drivers point into sections; people get file, line and column.
Error placed(Error e, const Places& places) {
  if (e.place.file.starts_with('#')) {
    Place place = place_at(places, e.place.file);
    if (!place.file.empty())
      e.place = std::move(place);
    else
      e.place = {};
  }
  for (auto& other : e.others) other = placed(std::move(other), places);
  return e;
}

/// What people are to know of an answer that is not today's, or will not serve tomorrow.
void say_how_old(const std::string& provider, const Answer& answer,
                 std::vector<std::string>& notices) {
  if (answer.instead_of)
    notices.push_back(fmt::format("variables: as of {}, kept sealed; {}", to_text(answer.at),
                                  answer.instead_of->message));
  if (answer.not_kept)
    notices.push_back(fmt::format("warning: what {} says is not kept for when it is away: {}",
                                  provider, answer.not_kept->message));
}

std::string digest_of(const EnvironmentSpec& spec, const std::string& commit,
                      const PreparedAll& prepared) {
  JsonArray steps;
  for (const auto& step : prepared.steps) {
    // What is asked before, and how data is kept, is no part of a version.
    const Phase phase = step.work.phase;
    if (phase == Phase::preflight || phase == Phase::backup || step.once == Once::asked) continue;
    steps.push_back(
        JsonArray{step.name, step.once_key, to_text(step.work.phase), step.work.input, step.warn});
  }
  return sha256(canonical(JsonObject{{"environment", spec.id.text()},
                                     {"tag", spec.tag},
                                     {"commit", commit},
                                     {"wanted", prepared.digest},
                                     {"steps", std::move(steps)},
                                     {"state_files", spec.state_files}}));
}

/// Asks providers for that environment; what is to be known of their answers goes to `notices`.
Provide asking(const Parts& parts, const Asked& asked, const std::stop_token& stop,
               std::vector<std::string>& notices) {
  return [&parts, &asked, stop, &notices](const std::string& provider,
                                          const std::string& file) -> Result<Provided> {
    std::string content;
    if (!file.empty()) {
      const auto text = read_file(file, largest_env_file);
      if (!text) return failure(text.error());
      content = sha256(*text);
    }
    auto answer =
        parts.providers.ask({asked.spec.id, provider, file, content, asked.answers_within}, stop);
    if (!answer) return failed(answer);
    say_how_old(provider, *answer, notices);
    const bool literal = parts.host.providers.at(provider).file.empty();
    return Provided{std::move(answer->text), literal};
  };
}

}  // namespace

Result<SourceTree> tree_of(const Parts& parts, const Asked& asked, const std::stop_token& stop,
                           const std::string& commit) {
  auto remembered = parts.ledger.commit_of(asked.spec.id, asked.spec.tag);
  if (!remembered) return failed(remembered);
  SourceAsk ask;
  ask.remembered = remembered->value_or("");
  ask.commit = commit;
  ask.fetch = asked.fetch;
  return source_tree(asked.spec, parts.host, asked.config, parts.state, ask, parts.helper,
                     parts.clock, stop);
}

void as_the_manifest_says(const EnvironmentSpec& spec, Desired& desired) {
  desired.heal = spec.heal;
  desired.protect = {spec.protect.begin(), spec.protect.end()};
  desired.approval = spec.approval;
  desired.on_failure = spec.on_failure;
  desired.irreversible = {spec.irreversible.begin(), spec.irreversible.end()};
  desired.keep = spec.keep;
}

Result<Variables> known_variables(const Parts& parts, const Asked& asked, const SourceTree& tree,
                                  const std::stop_token& stop) {
  std::vector<std::string> notices;
  return known_variables(asked.spec, tree.commit, tree.path,
                         of_host(parts.host, asked.spec.id).files,
                         asking(parts, asked, stop, notices));
}

Result<Placed> request_of(const Parts& parts, const Asked& asked, const SourceTree& tree,
                          const std::stop_token& stop) {
  const EnvironmentSpec& spec = asked.spec;
  const HostEnvironment own = of_host(parts.host, spec.id);
  Placed out;
  const auto provide = asking(parts, asked, stop, out.notices);
  auto variables = load_variables(spec, tree.commit, tree.path, own.files, provide);
  if (!variables) return failed(variables);
  out.variables = std::move(*variables);

  Request& request = out.request;
  request.id = spec.id;
  request.tag = spec.tag;
  request.lineage = parts.ledger.lineage();
  request.sections = spec.sections;
  request.tree = {tree.path, spec.source.kind == Source::Kind::repository ? tree.commit : "",
                  tree.index, parts.state + "/objects"};
  request.host = host_json(parts, asked);
  return out;
}

Result<Wish> compile(const Parts& parts, const Asked& asked, SourceTree& tree,
                     const std::stop_token& stop) {
  const EnvironmentSpec& spec = asked.spec;
  auto of = request_of(parts, asked, tree, stop);
  if (!of) return failed(of);
  Wish wish;
  wish.notices = std::move(of->notices);
  auto prepared =
      parts.drivers.prepare(of->request, of->variables, Deadline(parts.clock, prepare_within));
  if (!prepared) {
    Places places = spec.places;
    places["/state_files"] = spec.state_files_place;
    return failure(placed(std::move(prepared.error()), places));
  }

  wish.stale = std::move(tree.stale);
  Desired& desired = wish.desired;
  desired.id = spec.id;
  desired.tag = spec.tag;
  desired.commit = tree.commit;
  desired.config_commit = asked.config.commit;
  desired.config_subject = asked.config.subject;
  desired.digest = digest_of(spec, tree.commit, *prepared);
  desired.rebuild = asked.rebuild;
  desired.steps = prepared->steps;
  desired.required = prepared->required;
  desired.wanted = prepared->wanted;
  desired.verify_timeout =
      spec.verify_timeout.value_or(std::max<Duration>(120s, prepared->patience));
  desired.verify_stable = spec.verify_stable;
  as_the_manifest_says(spec, desired);
  desired.parallel = parts.host.parallel;
  wish.variables = std::move(of->variables);
  wish.prepared = std::move(*prepared);
  return wish;
}

}  // namespace reconciler
