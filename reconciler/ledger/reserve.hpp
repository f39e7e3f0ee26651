// Room in the state folder that is kept for the end of what was begun: on a disk that is full, what
// has touched something that runs is still written down, gone on with, or gone back from.
#pragma once

#include <set>
#include <string>

#include "reconciler/base/result.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler {

/// Not for two threads at a time.
class Reserve {
 public:
  explicit Reserve(std::string folder) : folder_(std::move(folder)) {}

  /// The room is there from here on: `ledger.full` where it is not. Where the folder cannot be
  /// written to at all, whoever writes says so.
  Status keep();
  /// Something that runs was touched there, and what was begun has to come to its end.
  void needed_by(const EnvironmentId& id) { needed_by_.insert(id); }
  void not_needed_by(const EnvironmentId& id) { needed_by_.erase(id); }
  /// Before something is written: frees the room where it is needed, and there is little else.
  void give_way() const;

 private:
  std::string folder_;
  std::set<EnvironmentId> needed_by_;
};

}  // namespace reconciler
