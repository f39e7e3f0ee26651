// How long people had to do without what was replaced.
#pragma once

#include <map>
#include <string>

#include "reconciler/base/clock.hpp"

namespace reconciler::docker {

/// Of each container of a group, by the name of its place.
class Downtime {
 public:
  /// It is about to be stopped; what counts is the first time.
  void stopped(const std::string& place, Instant at) { stopped_.try_emplace(place, at); }
  /// The one of that place runs, this one or another.
  void started(const std::string& place, Instant at);
  /// `down for 2 s`, `down for < 1 s`, `each down for 2 s`, `each down for 5 s at most`; empty
  /// where nobody was.
  std::string words() const;

 private:
  std::map<std::string, Instant> stopped_;
  std::map<std::string, Duration> down_;
};

}  // namespace reconciler::docker
