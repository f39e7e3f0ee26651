// What a person wants of one plan besides what git asks for: a part of it, another tag, all built
// anew. For the verbs that show or perform a plan.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "reconciler/parts.hpp"
#include "reconciler/plan/cut.hpp"

namespace reconciler::cli {

struct OnceOptions {
  std::string until;
  std::vector<std::string> skip;
  std::string tag;
  bool rebuild = false;
  bool any() const { return !until.empty() || !skip.empty() || !tag.empty() || rebuild; }
  /// ` --tag v1.2.3`, as it is typed; empty where there is none.
  std::string words() const {
    return (tag.empty() ? "" : " --tag " + tag) + (rebuild ? " --rebuild" : "");
  }
  Cut cut() const { return {phase_called(until), skip}; }
  /// `usage` where the tag is none; `apply.tag_current` where that tag is what runs, and git asks
  /// for another.
  Result<Asked> of(Asked asked, const Ledger& ledger) const;
};

/// `--tag` and `--rebuild` alone.
void add_wishes(CLI::App& verb, OnceOptions& into);
/// `whole`: an option that goes with none of them.
void add_once(CLI::App& verb, OnceOptions& into, CLI::Option* whole = nullptr);

}  // namespace reconciler::cli
