#include "reconciler/git/source.hpp"

#include <fmt/format.h>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/git/resolve.hpp"

namespace reconciler {
namespace {

// `git@host:acme/` and `https://host/acme` cover what lies beneath them, not `https://host/acme2`.
bool covers(const std::string& prefix, const std::string& url) {
  if (prefix.empty() || !url.starts_with(prefix)) return false;
  if (url.size() == prefix.size() || prefix.back() == '/' || prefix.back() == ':') return true;
  return url[prefix.size()] == '/' || url.substr(prefix.size()) == ".git";
}

}  // namespace

Result<Repository> source_repository(const Source& source, const Host& host) {
  Repository repository;
  repository.url = source.location;
  repository.place = source.place;
  const bool is_path = source.location.starts_with('/');
  const Credentials* found = nullptr;
  size_t longest = 0;
  for (const auto& [prefix, credentials] : host.sources) {
    const bool fits =
        is_path ? lies_under(source.location, prefix) : covers(prefix, source.location);
    if (!fits || (found && prefix.size() < longest)) continue;
    found = &credentials;
    longest = prefix.size();
  }
  if (is_path && !found)
    return failure(
        error("source.not_allowed",
              fmt::format("source {} is a path of this host, and the host file does not "
                          "name it",
                          source.location))
            .at(source.place)
            .next(fmt::format("its owner can add to {}: sources: {{ {}: {{}} }}",
                              host.file.empty() ? "/etc/reconciler/host.yaml" : host.file,
                              source.location)));
  if (found) {
    repository.ssh_key = found->ssh_key;
    repository.known_hosts = found->known_hosts;
  }
  return repository;
}

Sources::Sources(std::string state, const Host& host, Helper& helper, const Clock& clock)
    : state_(std::move(state)), host_(host), helper_(helper), clock_(clock) {}

Result<SourceTree> Sources::tree(const EnvironmentSpec& spec, const Snapshot& config,
                                 const SourceAsk& ask, const std::stop_token& stop) {
  return spec.source.kind == Source::Kind::repository ? of_repository(spec, ask, stop)
                                                      : of_config(spec, config, ask, stop);
}

TreeAsk Sources::tree_ask(const EnvironmentSpec& spec, std::string mirror, std::string commit,
                          std::string folder) const {
  TreeAsk ask{state_, spec.id, std::move(mirror), std::move(commit), std::move(folder), {}};
  if (const auto found = host_.environments.find(spec.id.text()); found != host_.environments.end())
    ask.files = found->second.files;
  return ask;
}

Result<SourceTree> Sources::of_config(const EnvironmentSpec& spec, const Snapshot& config,
                                      const SourceAsk& ask, const std::stop_token& stop) {
  const std::string folder = spec.source.kind == Source::Kind::same ? "" : spec.folder;
  std::string commit = ask.commit;
  if (commit.empty()) {
    const auto change = config.touched.find(folder);
    if (change == config.touched.end())
      return failure(
          error("path.not_found", fmt::format("no folder \"{}\" with a manifest is known "
                                              "at {}",
                                              folder, config.commit.substr(0, 8)))
              .next("reconciler plan, which fetches it"));
    commit = change->second.commit;
  }
  auto tree =
      export_tree(tree_ask(spec, config.mirror, commit, folder), helper_, ask.timeout, stop);
  if (!tree) return failed(tree);
  return SourceTree{tree->path,    tree->index, tree->commit, tree->subject,
                    config.mirror, {},          tree->held};
}

Result<Sources::Fetched> Sources::snapshot(Mirror& mirror, const SourceAsk& ask,
                                           const std::stop_token& stop) {
  if (!ask.fetch) {
    auto last = mirror.last();
    if (!last) return failed(last);
    return Fetched{std::move(*last), {}};
  }
  const std::string& url = mirror.repository().url;
  if (const auto done = fetched_.find(url); done != fetched_.end()) return done->second;
  auto now = mirror.fetch(ask.timeout, stop);
  Result<Fetched> result = now ? Result<Fetched>(Fetched{*now, {}}) : failure(now.error());
  // What a forge that is down said earlier is as true as it was: tags and commits do not move.
  if (!now && now.error().lasting == Lasting::transient)
    if (auto last = mirror.last()) result = Fetched{std::move(*last), now.error()};
  fetched_.insert_or_assign(url, result);
  return result;
}

Result<SourceTree> Sources::of_repository(const EnvironmentSpec& spec, const SourceAsk& ask,
                                          const std::stop_token& stop) {
  auto repository = source_repository(spec.source, host_);
  if (!repository) return failed(repository);
  Mirror mirror(state_, *repository, MirrorOf::source, helper_, clock_);
  auto source = snapshot(mirror, ask, stop);
  if (!source) return failed(source);
  const TagQuestion question{spec.tag, spec.source.tags, spec.tag_place, ask.remembered};
  auto commit = resolve_tag(question, source->snapshot, mirror, ask.timeout, stop);
  if (!commit) {
    // Perhaps it is there by now, but nobody could be asked: that is the reason to give.
    if (commit.error().code == "tag.not_found" && source->stale) return failure(*source->stale);
    return failed(commit);
  }
  const TreeAsk wanted = tree_ask(spec, source->snapshot.mirror, *commit, "");
  auto tree = export_tree(wanted, helper_, ask.timeout, stop);
  if (!tree && tree.error().code == "git.corrupt" && ask.fetch) {
    if (auto anew = mirror.fetch_anew(ask.timeout, stop); !anew) return failed(anew);
    tree = export_tree(wanted, helper_, ask.timeout, stop);
  }
  if (!tree) return failed(tree);
  return SourceTree{
      tree->path,    tree->index, tree->commit, tree->subject, source->snapshot.mirror,
      source->stale, tree->held};
}

Result<SourceTree> source_tree(const EnvironmentSpec& spec, const Host& host,
                               const Snapshot& config, const std::string& state,
                               const SourceAsk& ask, Helper& helper, const Clock& clock,
                               const std::stop_token& stop) {
  return Sources(state, host, helper, clock).tree(spec, config, ask, stop);
}

}  // namespace reconciler
