// What `doctor` finds that no driver knows of: the host file, git, env files, the state folder,
// locks, the clock. Everything may be missing; nothing is made.
#pragma once

#include <stop_token>
#include <vector>

#include "reconciler/cli/context.hpp"

namespace reconciler::cli {

/// What is found of one thing, with facts under it: `mend` says what to type.
struct Noted {
  enum class Grade { well, watch, mend };
  Grade grade = Grade::well;
  std::string kind;  ///< a word or two: Engine, Compose, host file
  std::string what;
  std::vector<Fact> facts{};
};

std::vector<Noted> check_host_file(Context& context);
/// Each config repository: had since when and at which commit, and what the other side says now.
/// With the env files of the environments that it names.
std::vector<Noted> check_repositories(Context& context, std::stop_token stop);
/// The state folder with its ledger, key and disk; who holds a lock; the clock, which the ledger
/// knows something of.
std::vector<Noted> check_state_and_clock(Context& context);

}  // namespace reconciler::cli
