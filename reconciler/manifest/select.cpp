// Which environments a command line means.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reconciler/base/text.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace reconciler {
namespace {

/// A broken one that `id` falls under.
const Broken* broken_at(const Manifests& manifests, const EnvironmentId& id) {
  for (const auto& one : manifests.broken)
    if (one.application == id.application && one.environment == id.environment) return &one;
  for (const auto& one : manifests.broken)
    if (one.application == id.application && one.environment.empty()) return &one;
  return nullptr;
}

std::string list(const std::vector<EnvironmentId>& known) {
  std::vector<std::string> all;
  all.reserve(known.size());
  for (const auto& id : known) all.push_back(id.text());
  if (all.size() > 10) {
    const size_t more = all.size() - 10;
    all.resize(10);
    all.push_back(fmt::format("{} more", more));
  }
  return enumerate(all);
}

/// What somebody most likely meant; empty when nobody can tell.
std::string meant(const std::string& name, const std::vector<EnvironmentId>& known) {
  std::vector<EnvironmentId> of_application;
  for (const auto& id : known)
    if (id.application == name) of_application.push_back(id);
  if (!of_application.empty())
    return fmt::format("{} is an application; its environment{} {}", name,
                       of_application.size() == 1 ? " is" : "s are", list(of_application));
  std::vector<std::string> pairs;
  std::vector<std::string> alone;
  for (const auto& id : known) {
    pairs.push_back(id.text());
    alone.push_back(id.environment);
  }
  // `web:stage`, `WEB/Stage`, `web/stage/` are a pair, whatever was typed between.
  const bool pair = name.find_first_of("/:.@=") != std::string::npos;
  const auto near = nearest(name, pair ? pairs : alone);
  return near ? fmt::format("did you mean {}?", *near) : "";
}

Error unknown_environment(const std::string& name, const std::vector<EnvironmentId>& known) {
  if (trim(name).empty())
    return error("env.unknown", "the environment's name is empty")
        .next(known.empty() ? "write APP/ENV" : "write one of " + list(known));
  Error e =
      error("env.unknown", fmt::format("there is no environment \"{}\"", printable(name, 130)));
  e.hint = meant(name, known);
  if (e.hint.empty() && !known.empty())
    e.hint = fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list(known));
  if (e.hint.empty()) e.hint = "write one, under environments: in a reconciler.yaml";
  return e;
}

Result<EnvironmentId> resolve(const std::string& name, const std::vector<EnvironmentId>& known,
                              const Manifests& manifests) {
  if (name.find('/') != std::string::npos) {
    auto id = parse_environment_id(name);
    if (!id || (std::ranges::find(known, *id) == known.end() && !broken_at(manifests, *id)))
      return failure(unknown_environment(name, known));
    return *id;
  }
  std::vector<EnvironmentId> found;
  std::ranges::copy_if(known, std::back_inserter(found),
                       [&](const EnvironmentId& id) { return id.environment == name; });
  if (found.empty()) return failure(unknown_environment(name, known));
  if (found.size() > 1) {
    std::vector<std::string> names;
    names.reserve(found.size());
    for (const auto& id : found) names.push_back(id.text());
    return failure(error("env.ambiguous",
                         fmt::format("\"{}\" is the name of {} environments", name, found.size()))
                       .next("write one of " + enumerate(names)));
  }
  return found.front();
}

}  // namespace

Result<std::vector<EnvironmentSpec>> select_environments(const Manifests& manifests,
                                                         const std::vector<std::string>& names) {
  if (names.empty()) return manifests.environments;
  std::set<EnvironmentId> all;
  for (const auto& spec : manifests.environments) all.insert(spec.id);
  for (const auto& one : manifests.broken)
    if (!one.environment.empty()) all.insert({one.application, one.environment});
  const std::vector<EnvironmentId> known(all.begin(), all.end());

  std::vector<EnvironmentSpec> out;
  std::set<EnvironmentId> taken;
  for (const auto& name : names) {
    auto id = resolve(name, known, manifests);
    if (!id) return failed(id);
    if (!taken.insert(*id).second)
      return failure(
          error("usage", fmt::format("{} is given twice", id->text())).next("name it once"));
    const auto spec = std::ranges::find(manifests.environments, *id, &EnvironmentSpec::id);
    if (spec != manifests.environments.end()) {
      out.push_back(*spec);
    } else if (const Broken* broken = broken_at(manifests, *id)) {
      return failure(broken->error);
    }
  }
  return out;
}

}  // namespace reconciler
