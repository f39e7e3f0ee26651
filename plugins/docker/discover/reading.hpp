// The compose files of a folder as Compose itself reads them there.
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

/// What is given to Compose.
struct ReadingOf {
  std::string plugin;
  std::string folder;                            ///< its project directory
  std::vector<std::string> files;                ///< absolute
  std::string project;                           ///< empty: as the files or the folder name it
  std::vector<std::string> env_files;            ///< absolute
  std::map<std::string, std::string> variables;  ///< set besides
};

/// What it makes of it. `model` has the values of variables in it, secrets among them: nothing of
/// it is to be shown but names and paths.
struct Reading {
  Json model;
  Json written;                   ///< the same, variables not filled in
  std::set<std::string> used;     ///< variables
  std::set<std::string> without;  ///< of these, the ones with neither value nor default
};

/// `compose.invalid`, without a word of what variables were filled in with.
Result<Reading> read_files(const ReadingOf& of, std::stop_token stop);

}  // namespace reconciler::docker
