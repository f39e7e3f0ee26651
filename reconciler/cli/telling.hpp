// What a verb that performs says while it does: to people, or with --json an event a line.
#pragma once

#include <optional>

#include "reconciler/cli/json_events.hpp"
#include "reconciler/cli/live_screen.hpp"

namespace reconciler::cli {

/// Of one environment. The context outlives it.
class Telling {
 public:
  Telling(Context& context, const EnvironmentId& id);

  Events& events() { return json_ ? static_cast<Events&>(programs_) : people_.events(); }
  /// Tells programs what is about to be performed; false where people are told, by somebody else.
  bool plan(const Plan& plan);
  /// Nothing follows. Programs are told how it ended, and the exit code comes back; none where
  /// people are told, or where there is only an error to tell (`done` is null).
  std::optional<int> ended(const Reconciled* done, int exit);

 private:
  const bool json_;
  LiveScreen people_;
  JsonEvents programs_;
};

}  // namespace reconciler::cli
