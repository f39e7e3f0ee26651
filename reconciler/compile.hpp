// One version of an environment as its files, its variables and the drivers make it.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/git/source.hpp"
#include "reconciler/parts.hpp"

namespace reconciler {

/// What one environment asks for, with what its drivers made of it.
struct Wish {
  Desired desired;
  Variables variables;
  PreparedAll prepared;
  std::optional<Error> stale;  ///< why the source was not asked: what is here served
  /// It is this in the place of what the repository asks for: that was rejected, or a person wants
  /// another version, or nobody can tell whether it asks for something else by now.
  std::optional<Target> target;
  std::optional<Error> unreadable;   ///< then: why what the repository asks for now cannot be had
  std::vector<std::string> notices;  ///< for the plan's header
};

/// The files of the version that `asked` names. `commit`: that very one, where they lie in the
/// config repository; empty: the last that touched them.
Result<SourceTree> tree_of(const Parts& parts, const Asked& asked, const std::stop_token& stop,
                           const std::string& commit = "");

/// What the drivers make of the files of `tree`. Places of their diagnostics are turned into file,
/// line and column of the manifest. `variables.provider` (it may pass): a provider does not answer.
Result<Wish> compile(const Parts& parts, const Asked& asked, SourceTree& tree,
                     const std::stop_token& stop);

/// The folder of an environment's backups.
std::string backups_of(const Host& host, const std::string& state, const EnvironmentId& id);

/// What is done about drift and a failure, what waits for approval and how many versions are kept:
/// no part of a version, so that of one that was recorded, too, it is as the manifest says now.
void as_the_manifest_says(const EnvironmentSpec& spec, Desired& desired);

}  // namespace reconciler
