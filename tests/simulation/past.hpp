// What happened so far that may be to blame for how it ends, and the table of such ends.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "reconciler/condition.hpp"
#include "reconciler/model/memory.hpp"

namespace reconciler::simulation {

struct Past {
  std::set<std::string> was_unwell;  ///< tags, at any time
  std::set<std::string> did_not_build;
  std::set<std::string> did_not_release;
  std::set<std::string> disturbed;  ///< tags that were under way while somebody or something was in
                                    ///< the way
  bool pruned_images = false;
  bool pruned_tasks = false;
  bool fenced_tasks = false;  ///< a task that was made and not begun was taken away
  bool interrupted_tasks = false;
  bool lost_ledger = false;   ///< the disk had lied, and its power was lost
  bool brought_back = false;  ///< a backup, whole or half
  bool asked_back = false;    ///< a person went back
  bool has_services = false;  ///< that depend on each other, and may be stopped alone
  bool scripted = false;      ///< somebody deployed past the program
  bool two_of_one = false;    ///< somebody's container runs in place of the wanted one, it says
  bool told_a_tag = false;    ///< a state file was edited when nothing was recorded yet
  size_t drifted = 0;         ///< how often somebody stopped, removed or edited something
};

/// Whether an environment may stay like that when all faults have stopped: why not, in one
/// sentence. `asked`: the tag that git asks for.
std::optional<std::string> may_not_end(const Condition& now, const Memory& memory,
                                       const std::string& asked, const Past& past);

}  // namespace reconciler::simulation
