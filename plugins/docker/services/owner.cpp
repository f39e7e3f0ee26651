#include "plugins/docker/services/owner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// Zero for what is no number.
std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Status one_owner(const EnvironmentId& id, const Look& look,
                 const std::vector<std::string>& lineages, const Memory& memory) {
  for (const auto& seen : look.containers) {
    const auto theirs = seen.label(label::lineage);
    if (theirs == memory.lineage && number_of(seen.label(label::attempt)) > memory.newest_attempt)
      return failure(
          error("ledger.behind",
                fmt::format("container {} is of attempt {}, and the newest that the ledger "
                            "remembers is {}: an older copy of it was put back",
                            seen.name, seen.label(label::attempt), memory.newest_attempt))
              .next(fmt::format("put the newest ledger.db back; if there is none, move it away, "
                                "then: reconciler adopt {} --lineage {}",
                                id.text(), theirs)));
    if (theirs.empty() || std::ranges::find(lineages, theirs) != lineages.end()) continue;
    return failure(
        error("state.lineage",
              fmt::format("container {} was made by another reconciler; {} is not this one's",
                          seen.name, id.text()))
            .with("theirs", printable(theirs, 60))
            .with("ours", lineages.empty() ? "" : lineages.front())
            .next(fmt::format("once the other is gone: reconciler adopt {} --lineage {}", id.text(),
                              printable(theirs, 60))));
  }
  return {};
}

}  // namespace reconciler::docker
