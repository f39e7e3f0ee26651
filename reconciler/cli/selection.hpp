// Which environments a command is about: fetched or not, read, chosen.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/cli/context.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace reconciler::cli {

/// Where the config repository's files are read from.
enum class Reading {
  fetch,     ///< asked for first, through the helper; where nobody answers, as they were last
  fresh,     ///< asked for, and nothing less
  last,      ///< as they were fetched last; nothing is started
  worktree,  ///< the working files of a repository on this machine
};

/// What the config repositories name, whichever host serves it.
struct Named {
  std::map<EnvironmentId, std::string> environments;  ///< the host that is to serve it, or nothing
  std::set<std::string> unreadable;                   ///< applications with mistakes
  bool contains(const EnvironmentId& id) const {
    return environments.contains(id) || unreadable.contains(id.application);
  }
};

struct Selection {
  std::vector<Asked> asked;          ///< sorted by name
  std::vector<Broken> broken;        ///< of the environments meant: their mistakes
  std::vector<std::string> notices;  ///< what people should know: works on from the last fetch
  Named named;
  std::optional<WallTime> fetched_at;  ///< when the one asked longest ago was
};

/// A version of it was recorded here, and git names it no more.
struct Forgotten {
  EnvironmentId id;
  std::string tag;  ///< that runs on
};
std::vector<Forgotten> forgotten_environments(const Ledger& ledger, const Named& named);

/// The environments named (all that this host serves when none is). Besides what is said of names
/// (select_environments): `env.forgotten`, `env.elsewhere`.
Result<Selection> select(Context& context, const std::vector<std::string>& names, Reading reading,
                         std::stop_token stop);
/// One whose manifest has mistakes now (`why`), as the manifest of its last run here described it;
/// a notice says so. `why` again where nothing ran here, or that manifest cannot be had.
Result<Selection> select_as_before(Context& context, const std::string& name, Error why,
                                   const std::stop_token& stop);

}  // namespace reconciler::cli
