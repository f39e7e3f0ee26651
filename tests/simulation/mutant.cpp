// A program with one mistake in it (mutants/), to which chronicles happen until one of them catches
// it. Says which seed did and what did not hold; fails where none of 2,000 ends in the sentence
// that is asked for: what else such a mistake breaks is no sign that this is looked for.
#include <fmt/format.h>

#include <string_view>

#include "tests/simulation/chronicle.hpp"

int main(int count, char** words) {
  using namespace reconciler::simulation;
  if (count != 2) return 64;
  const std::string_view sentence = words[1];
  Told told;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    if (const auto wrong = happen(chronicle_of(seed), told);
        wrong && wrong->find(sentence) != std::string::npos) {
      fmt::print("seed {}: {}\n", seed, *wrong);
      return 0;
    }
  fmt::print("no seed ends in: {}\n", sentence);
  return 1;
}
