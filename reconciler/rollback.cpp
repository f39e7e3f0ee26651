#include "reconciler/rollback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reconciler/desire.hpp"
#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

constexpr size_t most = 10;

/// Each tag once, as it was the current one last.
Result<std::vector<Candidate>> former_versions(const Parts& parts, const EnvironmentId& id,
                                               const Memory& memory) {
  auto versions = parts.ledger.versions(id);
  if (!versions) return failed(versions);
  std::vector<Candidate> all;
  for (const auto& version : *versions) {
    const auto is_it = [&](const std::string& tag) { return tag == version.tag; };
    const bool runs = is_it(versions->front().tag) && !something_else_runs(memory);
    if (runs || std::ranges::any_of(all, is_it, &Candidate::tag) || all.size() == most) continue;
    all.push_back({version.tag, version.from, version.until.value_or(parts.clock.wall())});
  }
  return all;
}

/// Past a tag with no way back, once its release was tried, or it was the current one: then
/// somebody released it.
std::string irreversible_since(const EnvironmentSpec& spec, const Candidate& candidate,
                               const std::set<std::string>& since) {
  for (const auto& tag : spec.irreversible)
    if (tag != candidate.tag && since.contains(tag)) return tag + " is irreversible";
  return "";
}

/// Tags that were released since, or current: the versions are listed newest first, whatever time
/// the clock showed as each became it.
Result<std::set<std::string>> tags_since(const Parts& parts, const EnvironmentId& id,
                                         const Candidate& candidate) {
  std::set<std::string> all(candidate.released.begin(), candidate.released.end());
  auto versions = parts.ledger.versions(id);
  if (!versions) return failed(versions);
  for (const auto& version : *versions) {
    if (version.tag == candidate.tag) break;
    all.insert(version.tag);
  }
  return all;
}

std::string why_not(const Parts& parts, const Asked& asked, const Memory& memory,
                    const Candidate& candidate, std::stop_token stop) {
  const auto since = tags_since(parts, asked.spec.id, candidate);
  if (!since) return since.error().message;
  if (auto past = irreversible_since(asked.spec, candidate, *since); !past.empty()) return past;
  Asked back = asked;
  back.fetch = false;
  back.instead = Instead{candidate.tag, "Requested", ""};
  const auto wish = desire(parts, back, memory, std::move(stop));
  if (wish) return "";
  if (wish.error().code == "rollback.images_gone") return "images gone";
  return fmt::format("{}: {}", wish.error().code, wish.error().message);
}

}  // namespace

Result<std::vector<Candidate>> candidates(const Parts& parts, const Asked& asked,
                                          std::stop_token stop) {
  auto memory = parts.ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  auto all = former_versions(parts, asked.spec.id, *memory);
  if (!all) return failed(all);
  for (auto& candidate : *all) {
    auto released = parts.ledger.released_since(asked.spec.id, candidate.tag, candidate.from);
    if (!released) return failed(released);
    std::erase(*released, candidate.tag);
    candidate.released = std::move(*released);
    candidate.blocked = why_not(parts, asked, *memory, candidate, stop);
  }
  return all;
}

}  // namespace reconciler
