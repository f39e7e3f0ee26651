// Which environments a command is about: fetched or not, read, chosen.
#pragma once

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

struct Selection {
  std::vector<Asked> asked;           ///< sorted by name
  std::vector<Broken> broken;         ///< of the environments meant: their mistakes
  std::vector<std::string> notices;   ///< what people should know: works on from the last fetch
  std::set<EnvironmentId> elsewhere;  ///< that other hosts serve
};

/// The environments named (all that this host serves when none is).
Result<Selection> select(Context& context, const std::vector<std::string>& names, Reading reading,
                         std::stop_token stop);

}  // namespace reconciler::cli
