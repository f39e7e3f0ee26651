// One run of Compose, alone with what it is given: nothing of our environment, an empty working
// folder, HOME and PATH, the model or files by absolute path, bounded memory, time and output.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

/// A private folder (0700) that goes with the object. Short, as a socket's path must be.
class Scratch {
 public:
  static Result<Scratch> make();
  Scratch(Scratch&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  Scratch& operator=(Scratch&&) = delete;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  const std::string& path() const { return path_; }
  /// An empty folder: where Compose works, its HOME, its PATH.
  std::string empty() const { return path_ + "/empty"; }
  std::string socket() const { return path_ + "/s"; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct ComposeRun {
  std::string plugin;
  std::string project;
  std::string tree;                ///< --project-directory
  std::vector<std::string> files;  ///< absolute; empty: the model comes by `input`
  std::vector<std::string> profiles{};
  std::vector<std::string> arguments;  ///< the command and what follows
  std::string input{};
  std::map<std::string, std::string> variables{};
  std::string socket{};  ///< the Engine's; empty: one that nobody listens on
};

/// Runs it to its end; the exit code is the caller's to judge. `compose.timeout` (may pass),
/// `compose.output_limit`, `compose.missing`, `compose.stopped`.
Result<Finished> run_compose(const ComposeRun& run, const Scratch& scratch, Duration timeout,
                             std::stop_token stop);

/// Compose's own words: what it wrote to its error output, less warnings and what it did so far.
std::string words_of(const std::string& err);

}  // namespace reconciler::docker
