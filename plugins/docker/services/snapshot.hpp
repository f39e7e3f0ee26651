// The sealed records of what a look shows: Driver::snapshot.
#pragma once

#include "plugins/docker/services/context.hpp"
#include "plugins/docker/services/records.hpp"
#include "reconciler/model/sealed_record.hpp"

namespace reconciler::docker {

/// Records of each service's container that is as wanted, of its pre_stop hooks (those without in
/// one), and of the environment. `version`:
/// {lineage, tag, tasks}, as prepared. `seal.failed` when the key cannot seal.
Result<SealedRecords> snapshot_of(const Context& context, const EnvironmentId& id,
                                  const CompiledModel& model, const Look& look,
                                  const Json& version);

}  // namespace reconciler::docker
