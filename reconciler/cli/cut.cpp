#include "reconciler/cli/cut.hpp"

#include <vector>

namespace reconciler::cli {
namespace {

std::vector<std::string> phases() {
  std::vector<std::string> all;
  for (int p = 0; p <= static_cast<int>(Phase::prune); ++p)
    all.emplace_back(to_text(static_cast<Phase>(p)));
  return all;
}

}  // namespace

void add_cut(CLI::App& verb, CutOptions& into, CLI::Option* whole) {
  auto* until =
      verb.add_option("--until", into.until, "End after this phase; a later apply goes on")
          ->type_name("PHASE")
          ->check(CLI::IsMember(phases()));
  auto* skip = verb.add_option("--skip", into.skip,
                               "Leave out one release step or check, as the plan shows it")
                   ->type_name("STEP");
  if (!whole) return;
  until->excludes(whole);
  skip->excludes(whole);
}

}  // namespace reconciler::cli
