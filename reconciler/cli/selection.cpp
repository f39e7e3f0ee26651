#include "reconciler/cli/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/state_folder.hpp"
#include "reconciler/git/mirror.hpp"
#include "reconciler/manifest/served.hpp"

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
    if (!last || fetched.error().lasting == Lasting::terminal || reading == Reading::fresh)
      return fetched;
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
    notices.push_back(
        "--worktree reads manifests as they lie there; compose files and other sources are of the "
        "last commit");
    fetched->folder = repository.url;
    fetched->subject = "working files";
  }
  return fetched;
}

Named named_by(const std::vector<Manifests>& repositories) {
  Named named;
  for (const auto& one : repositories) {
    for (const auto& spec : one.environments) named.environments[spec.id] = spec.host;
    for (const auto& broken : one.broken) named.unreadable.insert(broken.application);
  }
  return named;
}

bool means(const std::string& name, const EnvironmentId& id) {
  return name == id.text() || name == id.environment;
}

/// What is known of a name that this host serves no environment of; `served` are those it does.
Error explained(Context& context, Error unknown, const std::vector<std::string>& names,
                const Manifests& served, const Named& named) {
  const auto ledger = context.ledger();
  const auto forgotten =
      ledger ? forgotten_environments(**ledger, named) : std::vector<Forgotten>{};
  for (const auto& name : names) {
    if (select_environments(served, {name})) continue;
    for (const auto& [id, tag] : forgotten)
      if (means(name, id))
        return error("env.forgotten", fmt::format("{} is Forgotten: git does not name it any more, "
                                                  "and {} runs on",
                                                  id.text(), tag))
            .next(fmt::format("put it back in git; or: reconciler remove {}", id.text()));
    for (const auto& [id, host] : named.environments)
      if (name == id.text())
        return error("env.elsewhere", host.empty()
                                          ? fmt::format("this host does not serve {}", id.text())
                                          : fmt::format("{} is served by host {}", id.text(), host))
            .next("ask there; or see name: and serve: in the host file");
  }
  return unknown;
}

bool something_was_recorded(Context& context) {
  const auto ledger = context.ledger();
  return ledger && !forgotten_environments(**ledger, Named{}).empty();
}

}  // namespace

std::vector<Forgotten> forgotten_environments(const Ledger& ledger, const Named& named) {
  std::vector<Forgotten> all;
  const auto known = ledger.environments();
  if (!known) return all;
  for (const auto& id : *known) {
    if (named.contains(id)) continue;
    const auto memory = ledger.memory(id);
    if (memory && memory->current) all.push_back({id, memory->current->tag});
  }
  return all;
}

Result<Selection> select(Context& context, const std::vector<std::string>& names, Reading reading,
                         std::stop_token stop) {
  auto host = context.host();
  if (!host) return failed(host);
  if ((*host)->repositories.empty())
    return failure(
        error("usage", "no config repository is named")
            .next(
                "reconciler --repo PATH|URL ..., or `repositories:` in /etc/reconciler/host.yaml"));
  if (auto usable = check_state_folder(context.options().state); !usable) return failed(usable);
  Selection selection;
  std::vector<Manifests> read;
  std::map<EnvironmentId, Snapshot> config;
  for (const auto& repository : (*host)->repositories) {
    auto snapshot = snapshot_of(context, repository, reading, selection.notices, stop);
    if (!snapshot) return failed(snapshot);
    if (!selection.fetched_at || snapshot->fetched_at < *selection.fetched_at)
      selection.fetched_at = snapshot->fetched_at;
    auto manifests = read_manifests(snapshot->folder, root_name_of(repository));
    snapshot->held.reset();
    if (!manifests && manifests.error().code == "manifest.none" && something_was_recorded(context))
      manifests = Manifests{};  // git names nothing any more
    if (!manifests && manifests.error().code == "manifest.none")
      manifests.error().message = fmt::format("no folder of {} has a reconciler.yaml at commit {}",
                                              repository.name, snapshot->commit.substr(0, 7));
    if (!manifests) return failed(manifests);
    for (const auto& spec : manifests->environments) config[spec.id] = *snapshot;
    read.push_back(std::move(*manifests));
  }
  std::vector<std::string> elsewhere;
  for (const auto& one : read)
    for (const auto& spec : one.environments)
      if (!spec.host.empty() && spec.host != (*host)->name)
        elsewhere.push_back(fmt::format("{} ({})", spec.id.text(), spec.host));
  selection.named = named_by(read);
  const Manifests all = served(std::move(read), **host);
  if (all.environments.empty() && all.broken.empty() && !elsewhere.empty())
    selection.notices.push_back(fmt::format("this host is \"{}\"; other hosts serve {}",
                                            (*host)->name, enumerate(elsewhere)));
  if (all.environments.empty() && all.broken.empty() && elsewhere.empty())
    selection.notices.push_back(
        "git names no environment any more; what was recorded here is left as it is: reconciler "
        "status");
  auto chosen = select_environments(all, names);
  if (!chosen && chosen.error().code == "env.unknown")
    return failure(explained(context, std::move(chosen.error()), names, all, selection.named));
  if (!chosen) return failed(chosen);
  for (auto& spec : *chosen) {
    Snapshot snapshot = config[spec.id];
    selection.asked.push_back({std::move(spec), std::move(snapshot), reading != Reading::last});
  }
  if (names.empty()) selection.broken = all.broken;
  return selection;
}

Result<Selection> select_as_before(Context& context, const std::string& name, Error why,
                                   const std::stop_token& stop) {
  const auto host = context.host();
  const auto ledger = context.ledger();
  const auto known = ledger ? (*ledger)->environments() : std::vector<EnvironmentId>{};
  if (!host || !known) return failure(std::move(why));
  const auto is_meant = [&](const EnvironmentId& id) { return means(name, id); };
  if (std::ranges::count_if(*known, is_meant) != 1) return failure(std::move(why));
  const EnvironmentId id = *std::ranges::find_if(*known, is_meant);
  const auto run = (*ledger)->last_run(id);
  if (!run || !*run) return failure(std::move(why));
  const std::string& commit = (*run)->config_commit;
  for (const auto& repository : (*host)->repositories) {
    Mirror mirror(context.options().state, repository, MirrorOf::config, context.helper(),
                  context.clock());
    auto before = mirror.with_manifests_of(commit, 60s, stop);
    if (!before) continue;
    const auto manifests = read_manifests(before->folder, root_name_of(repository));
    if (!manifests) continue;
    const auto spec = std::ranges::find(manifests->environments, id, &EnvironmentSpec::id);
    if (spec == manifests->environments.end()) continue;
    before->held.reset();
    // The next look for it begins at this run.
    before->commit = commit;
    before->subject = (*run)->config_subject;
    for (const auto& folder : {std::string(), spec->folder})
      before->touched[folder] = {commit, before->subject};
    Selection selection;
    selection.asked.push_back({*spec, std::move(*before), false});
    selection.notices.push_back(fmt::format(
        "works by the manifest of commit {}; of that of now: {}: {}", commit.substr(0, 8), why.code,
        why.place.file.empty()
            ? why.message
            : fmt::format("{}:{}: {}", why.place.file, why.place.line, why.message)));
    return selection;
  }
  return failure(std::move(why));
}

}  // namespace reconciler::cli
