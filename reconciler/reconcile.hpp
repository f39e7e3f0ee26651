// The control loop for one environment. Command line, service and simulation all call this.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "reconciler/apply/events.hpp"
#include "reconciler/base/clock.hpp"
#include "reconciler/base/helper.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/driver/registry.hpp"
#include "reconciler/git/mirror.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/model/application.hpp"
#include "reconciler/model/host.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

/// What the loop works with. None of it is owned; all of it outlives the call.
struct Parts {
  Ledger& ledger;
  const Drivers& drivers;
  Helper& helper;
  Clock& clock;
  const Host& host;
  std::string state;  ///< the state folder
};

/// Which environment, as which commit of the config repository asks for it.
struct Asked {
  EnvironmentSpec spec;
  Snapshot config;
  bool fetch = false;  ///< whether the application's own repository may be asked
};

/// One look: what is wanted, what is there, what is remembered, and the plan that follows.
struct Look {
  Desired desired;
  Variables variables;
  Observation observation;
  Memory memory;
  Plan plan;
};

/// Looks and plans; changes nothing on the host, and in the ledger only what it learns of tags.
Result<Look> look(const Parts& parts, const Asked& asked, std::stop_token stop);

/// What a reconciliation came to.
struct Reconciled {
  Plan plan;
  bool changed = false;   ///< the plan was performed to its end; never one that waits()
  bool declined = false;  ///< `agree` said no
  Duration took{0};
};

/// Shown the plan, says whether it is to be performed; an error says why not.
using Agree = std::function<Result<bool>(const Look&)>;

/// The loop: settle what was cut off, look, plan, agree, apply. Holds the environment's lock
/// throughout (`lock.held`). A plan that moved while it was being agreed to is `plan.stale`.
Result<Reconciled> reconcile(const Parts& parts, const Asked& asked, const std::string& who,
                             const Agree& agree, Events& events, std::stop_token stop);

}  // namespace reconciler
