// One request written in many ways that ask for one thing.
#pragma once

#include "tests/property/any_request.hpp"

namespace reconciler::property {

/// Another order where order has no meaning. Compose's own requests differ so from run to run.
AnyRequest shuffled(AnyRequest request);

/// Other words for the same, as another version of Compose, or a person, would have them. Compose's
/// hash tells them apart.
AnyRequest respelled(AnyRequest request);

}  // namespace reconciler::property
