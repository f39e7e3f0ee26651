// Which tree an environment's compose files are read from.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "reconciler/git/mirror.hpp"
#include "reconciler/git/tree.hpp"
#include "reconciler/model/application.hpp"
#include "reconciler/model/host.hpp"

namespace reconciler {

struct SourceTree {
  std::string path;     ///< the exported tree
  std::string index;    ///< its list (tree_index.hpp)
  std::string commit;   ///< COMMIT
  std::string subject;  ///< of that commit
  std::string mirror;   ///< the bare mirror that has it
  /// Why the source was not fetched though it was asked for: what is here already served.
  std::optional<Error> stale;
  FolderHeld held{};  ///< it is there for as long as this lives
};

struct SourceAsk {
  std::string remembered{};  ///< the commit that this tag had when it was first used here
  /// Of the config repository: that very commit, which a version was recorded with.
  std::string commit{};
  bool fetch = true;  ///< false: nothing is asked of another machine (--no-fetch)
  Duration timeout{std::chrono::seconds(60)};  ///< for each call of the helper
};

/// All sources of one pass: a repository that several environments share is fetched once. For one
/// thread; what it is given must outlive it.
class Sources {
 public:
  Sources(std::string state, const Host& host, Helper& helper, const Clock& clock);

  /// Without `source`: the application's folder, with `.` the whole config repository, each at the
  /// last commit that touched it. Otherwise the commit that the tag names in a repository of its
  /// own. Starts no process where nothing is to be fetched and the tree is there.
  /// `source.not_allowed`, `tag.*`, `git.*`, and what export_tree says.
  Result<SourceTree> tree(const EnvironmentSpec& spec, const Snapshot& config, const SourceAsk& ask,
                          const std::stop_token& stop = {});

 private:
  struct Fetched {
    Snapshot snapshot;
    std::optional<Error> stale;
  };
  Result<SourceTree> of_config(const EnvironmentSpec& spec, const Snapshot& config,
                               const SourceAsk& ask, const std::stop_token& stop);
  Result<SourceTree> of_repository(const EnvironmentSpec& spec, const SourceAsk& ask,
                                   const std::stop_token& stop);
  Result<Fetched> snapshot(Mirror& mirror, const SourceAsk& ask, const std::stop_token& stop);
  TreeAsk tree_ask(const EnvironmentSpec& spec, std::string mirror, std::string commit,
                   std::string folder) const;

  std::string state_;
  const Host& host_;
  Helper& helper_;
  const Clock& clock_;
  std::map<std::string, Result<Fetched>> fetched_;  // by URL
};

/// The same for one environment alone.
Result<SourceTree> source_tree(const EnvironmentSpec& spec, const Host& host,
                               const Snapshot& config, const std::string& state,
                               const SourceAsk& ask, Helper& helper, const Clock& clock,
                               const std::stop_token& stop = {});

/// The repository that `source` names, with the credentials that the host file has for it: those of
/// the longest prefix. `source.not_allowed` for a path of this host that is not named there.
Result<Repository> source_repository(const Source& source, const Host& host);

}  // namespace reconciler
