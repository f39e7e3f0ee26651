#include "reconciler/cli/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/git/mirror.hpp"
#include "reconciler/manifest/collisions.hpp"

namespace reconciler::cli {
namespace {

using namespace std::chrono_literals;

Result<Snapshot> snapshot_of(Context& context, const Repository& repository, Reading reading,
                             std::vector<std::string>& notices, std::stop_token stop) {
  Mirror mirror(context.options().state, repository, MirrorOf::config, context.helper(),
                context.clock());
  if (reading == Reading::last) return mirror.last();
  auto fetched = mirror.fetch(60s, stop);
  if (!fetched) {
    // A forge that is away stops nothing: what was fetched last is still what was asked for.
    auto last = mirror.last();
    if (!last || fetched.error().lasting == Lasting::terminal) return fetched;
    notices.push_back(fmt::format("{}: works on from the fetch of {}: {}", repository.name,
                                  to_text(last->fetched_at), fetched.error().message));
    fetched = std::move(last);
  }
  if (reading == Reading::worktree) {
    if (!is_folder(repository.url))
      return failure(
          error(
              "usage",
              fmt::format("--worktree reads working files, and {} is not a folder of this machine",
                          repository.url))
              .next("name it with --repo FOLDER"));
    fetched->folder = repository.url;
    fetched->subject = "working files";
  }
  return fetched;
}

bool serves(const Host& host, const EnvironmentSpec& spec) {
  if (!host.serve.empty())
    return std::find(host.serve.begin(), host.serve.end(), spec.id.text()) != host.serve.end();
  return spec.host.empty() || spec.host == host.name;
}

std::string root_name(const Repository& repository) {
  std::string name = repository.url.substr(repository.url.find_last_of("/:") + 1);
  if (name.ends_with(".git")) name.resize(name.size() - 4);
  return name;
}

}  // namespace

Result<Selection> select(Context& context, const std::vector<std::string>& names, Reading reading,
                         std::stop_token stop) {
  auto host = context.host();
  if (!host) return failed(host);
  if ((*host)->repositories.empty())
    return failure(
        error("usage", "no config repository is named")
            .next(
                "reconciler --repo PATH|URL ..., or `repositories:` in /etc/reconciler/host.yaml"));
  Selection selection;
  Manifests all;
  std::map<EnvironmentId, Snapshot> config;
  for (const auto& repository : (*host)->repositories) {
    auto snapshot = snapshot_of(context, repository, reading, selection.notices, stop);
    if (!snapshot) return failed(snapshot);
    auto manifests = read_manifests(snapshot->folder, root_name(repository));
    if (!manifests) return failed(manifests);
    for (auto& spec : manifests->environments) {
      if (!serves(**host, spec)) continue;
      config[spec.id] = *snapshot;
      all.environments.push_back(std::move(spec));
    }
    for (auto& broken : manifests->broken) all.broken.push_back(std::move(broken));
  }
  refuse_collisions(all, true);
  auto chosen = select_environments(all, names);
  if (!chosen) return failed(chosen);
  for (auto& spec : *chosen) {
    Snapshot snapshot = config[spec.id];
    selection.asked.push_back({std::move(spec), std::move(snapshot), reading != Reading::last});
  }
  if (names.empty()) selection.broken = all.broken;
  return selection;
}

}  // namespace reconciler::cli
