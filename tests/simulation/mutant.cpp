// A program with one mistake in it (mutants/), to which chronicles happen until one of them catches
// it. Says which seed did and what did not hold; fails where none of as many as a run has ends in
// the sentence that is asked for: what else such a mistake breaks is no sign that this is looked
// for.
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "tests/simulation/chronicle.hpp"

int main(int count, char** words) {
  using namespace reconciler::simulation;
  if (count != 4) return 64;
  const bool of_containers = std::string_view(words[1]) == "containers";
  const auto from = std::strtoull(words[2], nullptr, 10);
  const std::string_view sentence = words[3];
  Told told;
  for (auto seed = from; seed < from + (of_containers ? 500 : 2000); ++seed)
    if (const auto wrong =
            happen(of_containers ? container_chronicle_of(seed) : chronicle_of(seed), told);
        wrong && wrong->find(sentence) != std::string::npos) {
      fmt::print("seed {}: {}\n", seed, wrong->substr(0, wrong->find(';')));
      return 0;
    }
  fmt::print("no seed ends in: {}\n", sentence);
  return 1;
}
