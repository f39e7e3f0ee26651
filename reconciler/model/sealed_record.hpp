// What it takes to make a thing of the host again exactly as it was: for its driver alone to read.
#pragma once

#include <map>

#include "reconciler/base/sealed.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// One sealed record. `sealed` is the driver's own box: nobody else opens it, and it is never
/// shown.
struct SealedRecord {
  Sealed sealed;
  bool at_each_look = false;  ///< handed to every observe (Memory::snapshots): to be small
};

/// By what they are of; a driver may name records of its own besides resources.
using SealedRecords = std::map<ResourceId, SealedRecord>;

}  // namespace reconciler
