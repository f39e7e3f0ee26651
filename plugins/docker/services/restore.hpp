// A recorded version as a model that can be wanted again: Driver::restore.
#pragma once

#include "plugins/docker/services/context.hpp"
#include "plugins/docker/services/origin.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// From the sealed records alone; its images are those that were recorded, by ID. Its key is not
/// that of the model that was compiled then: that one can be built from.
/// `rollback.not_kept` where a record is missing, `seal.broken`.
Result<CompiledModel> restored_model(const Context& context, const Recorded& recorded);

/// Networks that a person had connected its containers to: those that are gone are wanted no more.
Status find_added_networks(const Context& context, CompiledModel& model, Deadline deadline);

/// Is all on the host that it takes to make each of its containers again? `image.gone`,
/// `object.gone`, `object.harmed`; all of them at once.
Status check_complete(const Context& context, const CompiledModel& model, const Origin& origin,
                      Deadline deadline);

/// `image.gone`: a recorded image that nothing can make again.
Error image_gone(const Image& image);

/// The step, for that model.
Step step_for(Step step, const CompiledModel& model);

}  // namespace reconciler::docker
