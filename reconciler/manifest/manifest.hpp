// What a config repository says: every application in it, every environment of each.
#pragma once

#include <string>
#include <vector>

#include "reconciler/base/result.hpp"
#include "reconciler/model/application.hpp"

namespace reconciler {

/// What could not be read, and whom it concerns. One that is broken never holds up others.
struct Broken {
  std::string application;  ///< empty: a file or folder that is no application's
  std::string environment;  ///< empty: all of the application
  Error error;              ///< all its mistakes, gathered
};

struct Manifests {
  std::vector<EnvironmentSpec> environments;  ///< sorted by name; those without a mistake
  std::vector<Broken> broken;
  size_t files = 0;
  size_t files_wrong = 0;
  /// All mistakes, by file and line.
  std::vector<Error> mistakes() const;
};

/// Reads every folder beneath `folder` that holds a `reconciler.yaml`, with its `environments/`.
/// Symlinks are not followed, folders that begin with a dot left out. Places name files relative to
/// `folder`. `root_name` is the name of an application at the very root, where no folder gives one.
/// Fails only where there is nothing to read: `manifest.no_folder`, `manifest.none`,
/// `manifest.too_many`; mistakes are in the value.
Result<Manifests> read_manifests(const std::string& folder, const std::string& root_name = "");

/// The environments that a command line means: `APP/ENV`, or `ENV` where that is unique; none named
/// means all that are well. `env.unknown` with the nearest, `env.ambiguous`, `usage` for one given
/// twice; the mistakes of one that is named and broken.
Result<std::vector<EnvironmentSpec>> select_environments(const Manifests& manifests,
                                                         const std::vector<std::string>& names);

/// The place of a JSON pointer into sections (a leading `#` is taken off), or of what it lies in.
Place place_at(const Places& places, std::string_view pointer);

}  // namespace reconciler
