#include "tests/simulation/chronicle.hpp"

#include <fmt/format.h>

#include "tests/simulation/happening.hpp"

namespace reconciler::simulation {

void Told::add(const Told& other) {
  passes += other.passes;
  deaths += other.deaths;
  power_losses += other.power_losses;
  writes_lost += other.writes_lost;
  calls_lost += other.calls_lost;
  kept_out += other.kept_out;
  needless += other.needless;
  for (const auto& [what, times] : other.happened) happened[what] += times;
  for (const auto& [how, times] : other.ends) ends[how] += times;
}

std::optional<std::string> happen(const Chronicle& chronicle, Told& told) {
  told.done.clear();
  Happening happening(chronicle, told);
  for (size_t i = 0; i < chronicle.events.size(); ++i)
    if (auto wrong = happening.happen(chronicle.events[i]))
      return fmt::format("after event {} ({}): {}", i + 1, to_text(chronicle.events[i].what),
                         *wrong);
  if (auto wrong = happening.rest()) return "at the end: " + *wrong;
  if (auto wrong = happening.go_on()) return "after the end: " + *wrong;
  return std::nullopt;
}

Chronicle shrunk(Chronicle chronicle) {
  for (bool fewer = true; fewer;) {
    fewer = false;
    for (size_t i = 0; i < chronicle.events.size(); ++i) {
      auto without = chronicle;
      without.events.erase(without.events.begin() + static_cast<std::ptrdiff_t>(i));
      Told told;
      if (!happen(without, told)) continue;
      chronicle = std::move(without);
      fewer = true;
      --i;
    }
  }
  return chronicle;
}

}  // namespace reconciler::simulation
