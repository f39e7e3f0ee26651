// A program with one mistake in it (mutants/), to which chronicles happen until one of them catches
// it. Says which seed did and what did not hold; fails where none of 2,000 does.
#include <fmt/format.h>

#include "tests/simulation/chronicle.hpp"

int main() {
  using namespace reconciler::simulation;
  Told told;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    if (const auto wrong = happen(chronicle_of(seed), told)) {
      fmt::print("seed {}: {}\n", seed, *wrong);
      return 0;
    }
  fmt::print("no seed catches it\n");
  return 1;
}
