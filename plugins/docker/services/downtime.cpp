#include "plugins/docker/services/downtime.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reconciler::docker {
namespace {

std::string in_words(Duration down) {
  return down < std::chrono::seconds(1) ? "< 1 s" : for_people(down);
}

}  // namespace

void Downtime::started(const std::string& place, Instant at) {
  if (const auto found = stopped_.find(place); found != stopped_.end())
    down_[place] = at - found->second;
}

std::string Downtime::words() const {
  if (down_.empty()) return "";
  Duration longest{};
  for (const auto& [place, took] : down_) longest = std::max(longest, took);
  const std::string most = in_words(longest);
  if (down_.size() == 1) return "down for " + most;
  const bool same =
      std::ranges::all_of(down_, [&](const auto& one) { return in_words(one.second) == most; });
  return fmt::format("each down for {}{}", most, same ? "" : " at most");
}

}  // namespace reconciler::docker
