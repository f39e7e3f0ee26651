#include "tests/simulation/past.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace reconciler::simulation {
namespace {

/// The version that the condition is about: what failed or was rejected, else what git asks for.
struct Blamed {
  const Past& past;
  std::string tag;
  std::string back_to;  ///< the recorded one

  bool any(const std::set<std::string>& of) const { return of.contains(tag); }
  bool disturbed() const { return any(past.disturbed); }
};

/// An end other than Ready, and what it takes for it. Whatever is not here is a defect.
struct End {
  std::string_view how;  ///< `Stalled/ReleaseFailed`
  bool (*has_reason)(const Blamed&);
};

constexpr auto unwell = [](const Blamed& b) { return b.any(b.past.was_unwell) || b.disturbed(); };
/// What it depends on does not run, and nobody can tell whether that is its own doing.
constexpr auto stopped_beside = [](const Blamed& b) {
  return b.past.has_services && b.disturbed();
};
constexpr auto not_supplied = [](const Blamed& b) {
  return b.any(b.past.did_not_build) || b.past.pruned_images || b.disturbed();
};
constexpr auto not_released = [](const Blamed& b) { return b.any(b.past.did_not_release); };
constexpr auto nobody_knows = [](const Blamed& b) {
  return b.past.pruned_tasks || b.past.fenced_tasks || b.past.interrupted_tasks ||
         b.past.brought_back || b.past.told_a_tag;
};
constexpr auto brought_back = [](const Blamed& b) { return b.past.brought_back; };
constexpr auto asked_back = [](const Blamed& b) { return b.past.asked_back; };
constexpr auto no_way_back = [](const Blamed& b) {
  return b.past.was_unwell.contains(b.back_to) || b.past.disturbed.contains(b.back_to) ||
         b.past.pruned_images;
};
constexpr auto came_back = [](const Blamed& b) { return b.past.drifted > 3; };
constexpr auto lost_ledger = [](const Blamed& b) { return b.past.lost_ledger; };
constexpr auto two_of_one = [](const Blamed& b) { return b.past.two_of_one; };
constexpr auto scripted = [](const Blamed& b) { return b.past.scripted; };

constexpr std::array ends{
    End{"Stalled/ReleaseFailed", not_released},
    End{"Stalled/ReleaseOutcomeUnknown", nobody_knows},
    End{"Stalled/RestoreFailed", brought_back},
    End{"Stalled/VerifyFailed", unwell},
    End{"Stalled/SwitchFailed", stopped_beside},
    End{"Stalled/SupplyFailed", not_supplied},
    End{"Stalled/RollbackFailed", no_way_back},
    End{"Stalled/Flapping", came_back},
    End{"Stalled/OperatorDeployed", scripted},
    End{"Stalled/LedgerLost", lost_ledger},
    End{"Stalled/CannotLook", lost_ledger},  // an older copy of the ledger, or another lineage
    End{"Reconciling/CannotLook", two_of_one},
    End{"RolledBack/ReleaseFailed", not_released},
    End{"RolledBack/ReleaseOutcomeUnknown", nobody_knows},
    End{"RolledBack/VerifyFailed", unwell},
    End{"RolledBack/SwitchFailed", stopped_beside},
    End{"RolledBack/SupplyFailed", not_supplied},  // half of another one ran by then
    End{"RolledBack/Requested", asked_back},
    End{"Ready/RequestFailed", asked_back},
    End{"Ready/Succeeded", [](const Blamed&) { return true; }},
};

}  // namespace

std::optional<std::string> may_not_end(const Condition& now, const Memory& memory,
                                       const std::string& asked, const Past& past) {
  const std::string how = now.word + "/" + now.reason;
  const auto* const end = std::ranges::find(ends, how, &End::how);
  if (end == ends.end()) return fmt::format("it stays {}: {}", how, now.why);
  Blamed blamed{past, asked, memory.current ? memory.current->tag : ""};
  if (memory.target && !memory.target->rejected_tag.empty())
    blamed.tag = memory.target->rejected_tag;
  // A person wanted another one instead, and that failed: what git asks for is held off as before.
  if (memory.target && !memory.target->failed_tag.empty()) blamed.tag = memory.target->failed_tag;
  if (end->has_reason(blamed)) return std::nullopt;
  return fmt::format("it stays {} for no reason that {} gave: {}", how, blamed.tag, now.why);
}

}  // namespace reconciler::simulation
