#include "reconciler/desire.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/kept.hpp"
#include "reconciler/asked.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/git/source.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/manifest/variables.hpp"

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

/// What drivers are told of the host for one environment.
Json host_json(const Parts& parts, const EnvironmentSpec& spec) {
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

std::string digest_of(const EnvironmentSpec& spec, const std::string& commit,
                      const PreparedAll& prepared) {
  JsonArray steps;
  for (const auto& step : prepared.steps)
    steps.push_back(
        JsonArray{step.name, step.once_key, to_text(step.work.phase), step.work.input, step.warn});
  return sha256(canonical(JsonObject{{"environment", spec.id.text()},
                                     {"tag", spec.tag},
                                     {"commit", commit},
                                     {"wanted", prepared.digest},
                                     {"steps", std::move(steps)},
                                     {"state_files", spec.state_files}}));
}

}  // namespace

Result<Wish> desire_target(const Parts& parts, const EnvironmentId& id, const Memory& memory) {
  const Target& target = *memory.target;
  Again again{id, target.tag, Ledger::Slot::current};
  if (memory.current && memory.current->tag != target.tag) {
    again.slot = Ledger::Slot::previous;
    again.complete = true;  // it is not what runs: all that it takes must be here
  }
  auto kept =
      restore_version(parts.ledger, parts.drivers, again, Deadline(parts.clock, prepare_within));
  if (!kept) return failed(kept);
  Wish wish;
  wish.desired = std::move(kept->desired);
  wish.desired.asked = target.rejected;
  wish.variables = std::move(kept->variables);
  wish.prepared.wanted = wish.desired.wanted;
  wish.target = target;
  return wish;
}

namespace {

/// `commit`: of the config repository, where the tree lies there; empty: the last that touched it.
Result<SourceTree> tree_of(const Parts& parts, const Asked& asked, const std::stop_token& stop,
                           const std::string& commit = "") {
  auto remembered = parts.ledger.commit_of(asked.spec.id, asked.spec.tag);
  if (!remembered) return failed(remembered);
  SourceAsk ask;
  ask.remembered = remembered->value_or("");
  ask.commit = commit;
  ask.fetch = asked.fetch;
  return source_tree(asked.spec, parts.host, asked.config, parts.state, ask, parts.helper,
                     parts.clock, stop);
}

void say_what_waits(const EnvironmentSpec& spec, Desired& desired) {
  desired.heal = spec.heal;
  desired.protect = {spec.protect.begin(), spec.protect.end()};
}

/// What the drivers make of the files of `tree`.
Result<Wish> prepare(const Parts& parts, const Asked& asked, SourceTree& tree) {
  const EnvironmentSpec& spec = asked.spec;
  const HostEnvironment own = of_host(parts.host, spec.id);
  auto variables = load_variables(spec, tree.commit, tree.path, own.files);
  if (!variables) return failed(variables);

  Request request;
  request.id = spec.id;
  request.tag = spec.tag;
  request.lineage = parts.ledger.lineage();
  request.sections = spec.sections;
  request.tree = {tree.path, spec.source.kind == Source::Kind::repository ? tree.commit : "",
                  tree.index, parts.state + "/objects"};
  request.host = host_json(parts, spec);
  auto prepared = parts.drivers.prepare(request, *variables, Deadline(parts.clock, prepare_within));
  if (!prepared) {
    Places places = spec.places;
    places["/state_files"] = spec.state_files_place;
    return failure(placed(std::move(prepared.error()), places));
  }

  Wish wish;
  wish.stale = std::move(tree.stale);
  Desired& desired = wish.desired;
  desired.id = spec.id;
  desired.tag = spec.tag;
  desired.commit = tree.commit;
  desired.config_commit = asked.config.commit;
  desired.config_subject = asked.config.subject;
  desired.digest = digest_of(spec, tree.commit, *prepared);
  desired.steps = prepared->steps;
  desired.required = prepared->required;
  desired.wanted = prepared->wanted;
  desired.verify_timeout =
      spec.verify_timeout.value_or(std::max<Duration>(120s, prepared->patience));
  desired.verify_stable = spec.verify_stable;
  desired.on_failure = spec.on_failure;
  desired.irreversible.insert(spec.irreversible.begin(), spec.irreversible.end());
  say_what_waits(spec, desired);
  desired.keep = spec.keep;
  desired.parallel = parts.host.parallel;
  wish.variables = std::move(*variables);
  wish.prepared = std::move(*prepared);
  return wish;
}

/// The commit that a version was last recorded with; empty where that is not known.
Result<std::string> recorded_commit(const Parts& parts, const EnvironmentId& id,
                                    const std::string& tag) {
  auto versions = parts.ledger.versions(id);
  if (!versions) return failed(versions);
  const auto found = std::ranges::find(*versions, tag, &Version::tag);
  return found == versions->end() ? "" : found->commit;
}

/// The target as today's manifest, variables and compiler make it. What is done once a tag was done
/// when it was new, or is not: no part of going back.
Result<Wish> compiled_anew(const Parts& parts, const Asked& asked, const Target& target,
                           const std::stop_token& stop) {
  Asked back = asked;
  back.spec.tag = target.tag;
  auto commit = recorded_commit(parts, asked.spec.id, target.tag);
  if (!commit) return failed(commit);
  auto tree = tree_of(parts, back, stop, *commit);
  if (!tree) return failed(tree);
  auto wish = prepare(parts, back, *tree);
  if (!wish) return wish;
  std::erase_if(wish->desired.steps, [](const Step& step) { return step.once == Once::tag; });
  wish->desired.asked = target.rejected;
  wish->target = target;
  return wish;
}

/// Images and the like that would have to be made or fetched.
Result<std::vector<std::string>> to_supply(const Parts& parts, const Memory& memory,
                                           const Wish& wish) {
  auto seen = parts.drivers.observe(wish.desired.id, wish.desired.wanted, memory, wish.variables,
                                    Deadline(parts.clock, prepare_within));
  if (!seen) return failed(seen);
  std::vector<std::string> names;
  for (const auto& r : seen->resources) {
    const auto match = r.remedies.find(Aim::match);
    if (r.desired == r.observed || match == r.remedies.end()) continue;
    // A name that is given back is neither.
    if (std::ranges::any_of(match->second, [](const Work& work) {
          return work.phase == Phase::supply && work.verb != "tag";
        }))
      names.push_back(r.id.name);
  }
  return names;
}

/// Whose values are not the ones that the version before was recorded with.
std::vector<std::string> rotated(const Variables& then, const Variables& later) {
  std::vector<std::string> names;
  for (const auto& [name, variable] : later) {
    if (name == "TAG" || name == "COMMIT") continue;
    const auto before = then.find(name);
    if (before == then.end() || before->second.value.reveal() != variable.value.reveal())
      names.push_back(name);
  }
  return names;
}

/// What people are to know of a version that comes from its records.
std::string said_of_kept(const Parts& parts, const Wish& wish, const Memory& memory,
                         const Error& why) {
  std::string text =
      fmt::format("{} is taken as it was recorded {}, with the variables of then: {}",
                  wish.desired.tag, to_text(memory.previous->at), why.message);
  const Again current{wish.desired.id, memory.current->tag, Ledger::Slot::current};
  const auto now =
      restore_version(parts.ledger, parts.drivers, current, Deadline(parts.clock, prepare_within));
  if (!now) return text;
  const auto names = rotated(wish.variables, now->variables);
  return names.empty() ? text : text + "; changed since: " + join(names, ", ");
}

/// A target that was not gone to yet.
Result<Wish> desire_another(const Parts& parts, const Asked& asked, const Memory& memory,
                            const std::stop_token& stop) {
  const Target& target = *memory.target;
  auto anew = compiled_anew(parts, asked, target, stop);
  std::optional<Error> why;
  if (anew) {
    auto lacks = to_supply(parts, memory, *anew);
    if (!lacks) return failed(lacks);
    if (lacks->empty()) return anew;
    why = error("rollback.images_gone",
                fmt::format("{} cannot be gone back to: {} {} not on the host as today's manifest "
                            "and variables want {}, and going back never builds and never pulls",
                            target.tag, enumerate(*lacks), lacks->size() == 1 ? "is" : "are",
                            lacks->size() == 1 ? "it" : "them"))
              .next(fmt::format("commit tag: {} for {}; then it is supplied first", target.tag,
                                asked.spec.id.text()));
  } else {
    why = std::move(anew.error());
  }
  if (memory.previous && memory.previous->tag == target.tag)
    if (auto kept = desire_target(parts, asked.spec.id, memory)) {
      kept->notices.push_back(said_of_kept(parts, *kept, memory, *why));
      return kept;
    }
  return failure(std::move(*why));
}

/// What the repository asked when it could be read last.
std::string last_asked(const Parts& parts, const EnvironmentId& id, const Memory& memory) {
  if (memory.target) return memory.target->rejected;
  if (!memory.current) return "";
  const Again current{id, memory.current->tag, Ledger::Slot::current};
  const auto kept =
      restore_version(parts.ledger, parts.drivers, current, Deadline(parts.clock, prepare_within));
  return kept ? kept->desired.asked : "";
}

/// What the environment is to be in the place of what the repository asks for; none where that is
/// wanted, or asks for something else by now. While nobody can tell, what was rejected stays so.
std::optional<Target> target_of(const Parts& parts, const Asked& asked, const Memory& memory,
                                const Result<std::string>& repository_asks) {
  if (!asked.instead) {
    const bool holds =
        memory.target && (!repository_asks || memory.target->rejected == *repository_asks);
    return holds ? memory.target : std::nullopt;
  }
  if (repository_asks && asked.instead->tag == asked.spec.tag) return std::nullopt;
  return Target{asked.instead->tag,
                repository_asks ? *repository_asks : last_asked(parts, asked.spec.id, memory),
                asked.spec.tag,
                asked.instead->reason,
                asked.instead->why,
                0,
                parts.clock.wall()};
}

}  // namespace

Result<Wish> desire(const Parts& parts, const Asked& asked, const Memory& memory,
                    std::stop_token stop) {
  const EnvironmentSpec& spec = asked.spec;
  auto tree = tree_of(parts, asked, stop);
  Result<std::string> repository_asks =
      tree ? asked_of(spec, *tree) : Result<std::string>(failure(tree.error()));
  if (tree && !repository_asks) return failed(repository_asks);
  if (auto target = target_of(parts, asked, memory, repository_asks)) {
    Memory towards = memory;
    towards.target = std::move(target);
    const bool recorded = memory.current && memory.current->tag == towards.target->tag;
    auto wish = recorded ? desire_target(parts, spec.id, towards)
                         : desire_another(parts, asked, towards, stop);
    if (!wish) return wish;
    // How it was then; what is done about drift, and what waits, as git says now.
    say_what_waits(spec, wish->desired);
    if (!tree) wish->unreadable = std::move(tree.error());
    return wish;
  }
  if (!tree) return failed(tree);
  // Only a tag that a source resolved can move.
  if (spec.source.kind == Source::Kind::repository)
    if (auto kept = parts.ledger.remember_commit(spec.id, spec.tag, tree->commit); !kept)
      return failed(kept);
  auto wish = prepare(parts, asked, *tree);
  if (wish) wish->desired.asked = std::move(*repository_asks);
  return wish;
}

}  // namespace reconciler
