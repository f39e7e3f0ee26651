// Which files of a config repository hold manifests.
#pragma once

#include <string>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

struct EnvironmentFile {
  std::string name;  ///< of the environment: the file's, without `.yaml`
  std::string path;  ///< relative to the repository
};

struct ApplicationFiles {
  std::string folder;    ///< relative; empty: the root
  std::string manifest;  ///< path of reconciler.yaml, relative
  std::vector<EnvironmentFile> environments{};
  std::vector<Error> mistakes{};  ///< files that are nearly named right (`reconciler.yml`)
};

/// Sorted by folder; a bounded walk. `manifest.no_folder`, `manifest.too_many`.
Result<std::vector<ApplicationFiles>> find_applications(const std::string& root);

}  // namespace reconciler
