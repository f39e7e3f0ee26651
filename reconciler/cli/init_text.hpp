// What `init` writes: the smallest manifest, environment and host file that say what was found,
// with a comment where it was guessed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/driver/discover.hpp"

namespace reconciler::cli {

/// Where the three files come to lie.
struct InitPlace {
  std::string application;
  std::string folder;      ///< of the application in the config repository
  std::string repository;  ///< the config repository's topmost folder
  std::string host_file;
  std::string looked_at;  ///< the folder that the stack was deployed from
  bool beside = false;    ///< the manifest lies beside the compose files, in one repository
};

/// Whether the application's own repository is named, or its compose files lie with the manifest.
bool has_source(const Discovered& found, const InitPlace& place);

/// Where the host file has the provider's token from.
std::string token_file(const FoundProvider& provider);

/// The tag that is written: what was found, else one to begin with.
std::string tag_of(const Discovered& found);

/// Places of the tree by where they really lie, for the host file, each with its reason.
std::map<std::string, FoundPlace> files_of(const Discovered& found, const InitPlace& place);

std::string manifest_text(const Discovered& found, const InitPlace& place);
std::string environment_text(const Discovered& found);
std::string host_text(const Discovered& found, const InitPlace& place);

}  // namespace reconciler::cli
