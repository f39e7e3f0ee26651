// One version of an environment as drivers are asked about it.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/git/source.hpp"
#include "reconciler/parts.hpp"

namespace reconciler {

struct Placed {
  Request request;
  Variables variables;
  std::vector<std::string> notices{};  ///< how old what providers said is
};

/// `variables.provider` (it may pass): a provider does not answer.
Result<Placed> request_of(const Parts& parts, const Asked& asked, const SourceTree& tree,
                          const std::stop_token& stop);

}  // namespace reconciler
