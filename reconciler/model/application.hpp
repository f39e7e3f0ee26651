// What a manifest says of one environment, all inheritance done. Plain data; no file is read here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/error.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/model/desired.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/tag.hpp"

namespace reconciler {

/// Where the application's tree comes from.
struct Source {
  enum class Kind {
    beside,      ///< left out: the compose files lie beside the manifest, in its folder
    same,        ///< `.`: the config repository itself
    repository,  ///< a URL, or an absolute path of this host
  };
  Kind kind = Kind::beside;
  std::string location;  ///< for Kind::repository
  TagDiscipline tags = TagDiscipline::semver;
  Place place;
};

struct EnvFile {
  std::string path;  ///< relative to the tree; may be empty where a provider is named
  Place place;
  std::string
      provider{};  ///< a provider of the host file, which is to read it; empty: Compose's way
};

/// A regular expression that a required variable must match as a whole; empty: any value.
struct RequiredVariable {
  std::string name;
  std::string expression;
  Place place;
};

struct SetVariable {
  std::string name;
  std::string text;  ///< `${NAME}` is filled in from the other variables
  Place place;
};

/// Where things stand, by JSON pointer into `sections` (`/release/0/run`): a driver's diagnostics
/// name the pointer, the reader of the message gets file, line and column.
using Places = std::map<std::string, Place>;

/// One environment of one application.
struct EnvironmentSpec {
  EnvironmentId id;
  std::string folder;  ///< of the manifest, in the config repository; empty: its root
  std::string tag;
  Place tag_place;
  std::string host;  ///< empty: whoever serves it
  Source source;
  std::vector<EnvFile> env_files;
  std::vector<SetVariable> set;
  std::vector<RequiredVariable> required;
  /// What drivers read, in long form whatever short form was written:
  ///   compose: {files: [..]|absent, project, profiles: [..], jobs: [..], remove_orphans:
  ///   true|absent} data: [..] images: {mode: build|pull|absent, no_cache, pull} release: [step..]
  ///   verify: {checks: [step..]}   protect: [SERVICE..]|absent   preflight: [step..]|absent
  ///   backup: [{step, keep}]|absent   restore: [step]|absent
  /// A step: {name, run|exec|http|logs|service: TARGET, command: [..], depends_on: [..],
  ///   when: before|after, once: tag|switch|absent, status, contains, forbid, lines, warn,
  ///   timeout_ms, network, volumes}
  Json sections;
  Places places;
  std::optional<Duration> backup_every;  ///< none: with releases alone
  std::optional<Duration> watch;         ///< how long `run` looks on after a version was recorded
  std::optional<Duration> verify_timeout;
  Duration verify_stable{std::chrono::seconds(10)};
  OnFailure on_failure = OnFailure::rollback;
  std::vector<std::string> irreversible;  ///< tags that nothing goes back past by itself
  bool heal = true;                       ///< `drift: heal`
  std::vector<std::string> protect;       ///< services whose replacement waits for approval
  bool approval = false;                  ///< another version waits for approval
  std::optional<int> keep = 3;            ///< none: all
  std::string state_files;                ///< empty: under the state folder
  Place state_files_place;
};

}  // namespace reconciler
