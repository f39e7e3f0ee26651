// The scripts that deployed so far, read as text: which files they give to Compose, what they run
// once, which locks and state files they keep. Nothing of them is run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/driver/discover.hpp"

namespace reconciler::docker {

struct Scripts {
  FoundScripts found;
  std::vector<std::string> compose_files;  ///< as they are given with -f, or in COMPOSE_...
};

/// Reads one script into what is known. Variables that it sets itself are filled in where their
/// values can be told without running it.
void read_script(const std::string& name, std::string_view text, Scripts& into);

/// build.sh, release.sh, deploy.sh, and every other *.sh or executable text of the folder, of
/// `scripts/`, `bin/` and `deploy/` in it, that speaks of Compose.
Scripts find_scripts(const std::string& folder);

}  // namespace reconciler::docker
