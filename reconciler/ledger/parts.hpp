// What a Ledger is made of; seen by its own sources alone.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "reconciler/ledger/database.hpp"
#include "reconciler/ledger/identity.hpp"
#include "reconciler/ledger/ledger.hpp"

namespace reconciler {

struct Ledger::Parts {
  Parts(Identity identity, const Clock& clock_of)
      : database(std::move(identity.database)),
        lineage(std::move(identity.lineage)),
        key(std::move(identity.key)),
        loss(std::move(identity.loss)),
        clock(clock_of) {}

  /// Seconds, as tables keep a time.
  std::int64_t wall() const { return clock.wall().time_since_epoch().count(); }
  /// A row for the environment, so that others can refer to it.
  Status know(const EnvironmentId& id) {
    auto query = database.query("INSERT OR IGNORE INTO environments (name) VALUES (?)");
    if (!query) return failed(query);
    return query->bind(id.text()).run();
  }

  mutable std::mutex mutex;  ///< around every use of `database` and `begun`
  Database database;
  std::string lineage;
  InstallationKey key;
  std::optional<Error> loss;
  const Clock& clock;
  std::map<std::string, Instant>
      begun;  ///< attempts of this process: durations by the monotonic clock
};

inline WallTime wall_time(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

}  // namespace reconciler
