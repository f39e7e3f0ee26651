// What `init` asks an engine's plugin: what runs, or would run, in a folder that people deployed
// from so far. It looks, and changes nothing. Beside the drivers (driver.hpp), since none exists
// yet when it is asked: there is no manifest, and no state.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// Where to look, and what a person says where it cannot be told.
struct DiscoverRequest {
  std::string folder;              ///< absolute
  std::vector<std::string> files;  ///< compose files; none: those that run, else what lies there
  std::string project;             ///< empty: the one that runs from here
  /// Of whoever asks: PATH, HOME, and what programs that give variables need. Never shown.
  std::map<std::string, std::string> environment;
};

/// A place of the tree that is not in git.
struct FoundPlace {
  std::string place;  ///< in the folder: `certs`
  std::string real;   ///< absolute
  std::string why;    ///< `mounted by nginx`, `read by backend`
};

/// Something that one of the scripts says.
struct FoundWord {
  std::string text;
  std::string script;
};

/// A variable that one of the scripts makes of others: `API_URL`, `https://${API_DOMAIN}`.
struct FoundVariable {
  std::string name;
  std::string text;
  std::string script;
};

/// The application's own git repository.
struct FoundCheckout {
  std::string top;         ///< its topmost folder
  std::string origin;      ///< where it was cloned from; may be empty
  std::string head;        ///< the commit; empty where there is none yet
  std::string discipline;  ///< of the tag in it: semver, commit, any; empty: it does not have it
};

/// What the scripts that deployed so far say.
struct FoundScripts {
  std::vector<std::string> names;
  std::vector<std::string> locks;        ///< absolute paths that they flock
  std::vector<std::string> other_locks;  ///< those that they hold otherwise: nobody can honour them
  std::string state_files;               ///< the folder of current_tag and prev_tag
  std::vector<FoundWord> checks;         ///< URLs that they ask afterwards
  std::vector<FoundWord> once;           ///< services of which they run a one-off
  std::vector<FoundVariable> set;
  std::string remove_orphans;  ///< the script that removes containers of services that are gone
  std::string prune_images;    ///< the script that removes old images
};

/// A program that people run their scripts under, so that these have their variables.
struct FoundProvider {
  std::string name;                  ///< `doppler`
  std::string of;                    ///< `portfolio/prd`
  std::string named_by;              ///< the file that says so: `doppler.yaml`
  std::vector<std::string> command;  ///< prints NAME=value lines
  std::string token;                 ///< the variable that its token is in
  bool answers = false;              ///< it did, here and now
};

/// All that was found out. No value of any variable is in it.
struct Discovered {
  std::string
      headline;  ///< `5 services run here from compose.yaml (Compose 2.26.1, project "web")`
  std::string project;
  std::vector<std::string> files;  ///< relative to the folder; empty: Compose's own rules find them
  std::vector<std::string> profiles;
  bool builds = false;                    ///< images are built from the folder
  std::optional<FoundCheckout> checkout;  ///< none: the folder is not in git
  FoundScripts scripts;

  std::string tag;            ///< empty where nothing shows one
  std::string tag_why;        ///< `current_tag, HEAD and both images agree; before it v1.2.1`
  bool tag_doubtful = false;  ///< they do not agree
  std::vector<std::string> tag_variables;  ///< names other than TAG that stand for it

  std::string release;  ///< the service that migrates; may be empty
  std::string release_why;
  std::vector<std::string> release_needs;

  std::vector<std::string> variables;     ///< used by the compose files, what is always set aside
  std::vector<std::string> without;       ///< of these, the ones that nothing here gives a value
  std::vector<FoundPlace> env_files;      ///< that give them; `real` is empty where git has it
  std::optional<FoundProvider> provider;  ///< a program that gives them

  std::vector<FoundPlace> not_in_git;
  std::vector<FoundPlace> in_git;     ///< mounted, and of the tree
  std::vector<std::string> binds;     ///< absolute bind mounts
  std::vector<std::string> external;  ///< networks and volumes of others
  /// By key of the host file's `policy.allow`: services that ask for it.
  std::vector<std::pair<std::string, std::vector<std::string>>> asks;
};

/// `init.no_compose_file`, `init.ambiguous`, and what the engine says of itself.
using Discover = std::function<Result<Discovered>(const DiscoverRequest&, std::stop_token)>;

}  // namespace reconciler
