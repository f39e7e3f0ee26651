#include "tests/simulation/event.hpp"

#include <fmt/format.h>

#include <array>
#include <random>

namespace reconciler::simulation {
namespace {

using What = Event::What;

bool is_pass(What what) {
  return what >= What::pass && what <= What::power_lost_in_pass;
}

/// Whether it may come in the midst of a pass; there it is somebody else who does it.
bool may_be_within(What what) {
  switch (what) {
    case What::commit:  // `superseded` is that
    case What::turns:
    case What::builds_or_not:
    case What::releases_or_not:
    case What::rollback:
    case What::retry:
    case What::suspend:
    case What::resume:
    case What::settle:
      return false;
    default:
      return !is_pass(what);
  }
}

bool must_be_within(What what) {
  return what == What::terminated || what == What::superseded;
}

/// What there is most of: commits, versions that turn out not to be well, a second process, and
/// passes.
What kind_of(std::uint64_t random) {
  const auto n = random % 100;
  if (n < 18) return What::commit;
  if (n < 26) return What::turns;
  if (n < 30) return What::another;
  if (n < 48) return static_cast<What>(2 + (random / 100) % 23);
  if (n < 60) return What::pass;
  if (n < 82) return What::killed_in_pass;
  return What::power_lost_in_pass;
}

/// So many of a hundred.
using Share = std::pair<std::uint64_t, What>;

What one_of(const std::vector<Share>& shares, std::uint64_t random) {
  auto n = random % 100;
  for (const auto& [share, what] : shares) {
    if (n < share) return what;
    n -= share;
  }
  return shares.back().second;
}

}  // namespace

const std::string& to_text(What what) {
  static const std::array<std::string, kinds + 12> words{"commit",
                                                         "turns",
                                                         "builds or does not",
                                                         "releases or does not",
                                                         "stopped",
                                                         "removed",
                                                         "edited",
                                                         "state file edited",
                                                         "old script",
                                                         "kept ones pruned",
                                                         "images pruned",
                                                         "release task pruned",
                                                         "rollback",
                                                         "retry",
                                                         "suspend",
                                                         "resume",
                                                         "settle",
                                                         "Engine away",
                                                         "disk full",
                                                         "sync fails",
                                                         "disk lies",
                                                         "clock jumps",
                                                         "another process",
                                                         "terminated",
                                                         "superseded",
                                                         "pass",
                                                         "killed in a pass",
                                                         "power lost in a pass",
                                                         "backup",
                                                         "restore",
                                                         "killed in a restore",
                                                         "power lost in a restore",
                                                         "put right by hand",
                                                         "release refused",
                                                         "paused",
                                                         "renamed",
                                                         "disconnected",
                                                         "containers pruned",
                                                         "image retagged",
                                                         "Engine killed"};
  return words.at(static_cast<size_t>(what));
}

Chronicle chronicle_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Chronicle chronicle{static_cast<int>(random() % 3), std::vector<Event>(4 + random() % 24),
                      Of::versions};
  for (auto& event : chronicle.events) {
    event.what = kind_of(random());
    event.number = random();
    event.within = must_be_within(event.what) || (may_be_within(event.what) && random() % 2 == 0);
  }
  return chronicle;
}

Chronicle data_chronicle_of(std::uint64_t seed) {
  // What there is most of: backups, and their coming back in the midst of versions that come and
  // go.
  static const std::vector<Share> shares{{14, What::commit},
                                         {8, What::turns},
                                         {3, What::releases_or_not},
                                         {3, What::rollback},
                                         {5, What::retry},
                                         {6, What::settle},
                                         {3, What::remove_service},
                                         {10, What::back_up},
                                         {10, What::bring_back},
                                         {6, What::killed_in_restore},
                                         {4, What::power_lost_in_restore},
                                         {4, What::put_right},
                                         {6, What::release_refused},
                                         {10, What::pass},
                                         {5, What::killed_in_pass},
                                         {3, What::power_lost_in_pass}};
  std::mt19937_64 random(seed);
  Chronicle chronicle{1, std::vector<Event>(4 + random() % 20), Of::data};
  for (auto& event : chronicle.events) {
    event.what = one_of(shares, random());
    event.number = random();
  }
  return chronicle;
}

Chronicle container_chronicle_of(std::uint64_t seed) {
  // What there is most of: versions, and whoever is killed as one takes the place of another.
  static const std::vector<Share> shares{
      {18, What::commit},          {7, What::turns},
      {2, What::builds_or_not},    {3, What::releases_or_not},
      {3, What::stop_service},     {2, What::remove_service},
      {2, What::edit_service},     {2, What::pause_service},
      {2, What::rename_service},   {1, What::disconnect_service},
      {1, What::edit_state_file},  {2, What::old_script},
      {1, What::prune_kept},       {1, What::prune_images},
      {1, What::prune_containers}, {1, What::prune_task},
      {1, What::retag_image},      {6, What::kill_engine},
      {2, What::engine_away},      {1, What::disk_full},
      {1, What::clock_jumps},      {1, What::terminated},
      {1, What::superseded},       {1, What::another},
      {2, What::rollback},         {2, What::retry},
      {1, What::suspend},          {1, What::resume},
      {2, What::settle},           {9, What::pass},
      {14, What::killed_in_pass},  {6, What::power_lost_in_pass}};
  std::mt19937_64 random(seed);
  Chronicle chronicle{static_cast<int>(random() % 3), std::vector<Event>(4 + random() % 16),
                      Of::containers};
  for (auto& event : chronicle.events) {
    event.what = one_of(shares, random());
    event.number = random();
    event.within = must_be_within(event.what) || (may_be_within(event.what) && random() % 2 == 0);
  }
  // Others deployed before the program came, and what they wrote down may be another thing.
  if (random() % 4 == 0) {
    const std::array first{Event{What::old_script, random()},
                           Event{What::edit_state_file, random()}};
    const auto count = static_cast<std::ptrdiff_t>(1 + random() % 2);
    chronicle.events.insert(chronicle.events.begin(), first.begin(), first.begin() + count);
  }
  return chronicle;
}

std::string in_words(const Chronicle& chronicle) {
  std::string out = fmt::format("  keep {}\n", chronicle.keep);
  for (const auto& event : chronicle.events)
    out += fmt::format("  {}{} ({}, {})\n", event.within ? "in the next pass: " : "",
                       to_text(event.what), event.tag(), event.number);
  return out;
}

}  // namespace reconciler::simulation
