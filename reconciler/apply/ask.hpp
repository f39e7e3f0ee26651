// The checks of a version asked once, outside of any run: the ledger learns nothing of it.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/driver/registry.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/model/desired.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

/// What one check said.
struct CheckAnswer {
  enum class Kind {
    well,
    unwell,
    warned,    ///< unwell, and the manifest says that it is only to be said
    not_asked  ///< asking would make something on the host
  };
  Kind kind = Kind::well;
  std::string title;               ///< as the plan shows it
  std::string said;                ///< a few words; may be empty
  std::vector<std::string> lines;  ///< the last that the failing thing wrote
  Duration took{0};
};

/// Every check of `desired`, in order, until `stop`; none fails for what is `excused` alone. What
/// they say holds no secret value.
std::vector<CheckAnswer> ask_checks(const Drivers& drivers, const Clock& clock,
                                    const Ledger& ledger, const Desired& desired,
                                    const Variables& variables, const std::stop_token& stop,
                                    const std::vector<ResourceId>& excused = {});

}  // namespace reconciler
