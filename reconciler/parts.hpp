// What the loop works with, and what it is asked.
#pragma once

#include <optional>
#include <string>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/helper.hpp"
#include "reconciler/driver/registry.hpp"
#include "reconciler/git/mirror.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/model/application.hpp"
#include "reconciler/model/host.hpp"
#include "reconciler/providers.hpp"

namespace reconciler {

/// What the loop works with. None of it is owned; all of it outlives the call.
struct Parts {
  Ledger& ledger;
  const Drivers& drivers;
  Helper& helper;
  Clock& clock;
  const Host& host;
  std::string state;  ///< the state folder
  Providers& providers;
};

/// A version that a person wants in the place of what git asks for.
struct Instead {
  std::string tag;
  std::string reason;  ///< Target::reason
  std::string why;     ///< Target::why
};

/// Which environment, as which commit of the config repository asks for it.
struct Asked {
  EnvironmentSpec spec;
  Snapshot config;
  bool fetch = false;  ///< whether the application's own repository may be asked
  std::optional<Instead> instead{};
  /// How old what providers said may be; none: as old as the host file says.
  std::optional<Duration> answers_within{};
  bool rebuild = false;  ///< what is built here is built anew, though it is there
  /// Only what was recorded last is looked after: what git asks for cannot be had now.
  bool recorded = false;
};

}  // namespace reconciler
