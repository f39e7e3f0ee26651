// Images: there, built from what is wanted, or to be built, pulled, or given their tag back.
#pragma once

#include <stop_token>

#include "plugins/docker/services/context.hpp"
#include "plugins/docker/services/resources.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Images that are on the host under their name and will be made anew: the services that run them
/// will have another.
/// `new_version`: another than was recorded last.
ChangingImages changing_images(const CompiledModel& model, const Look& look, bool new_version);

/// Adds a resource for each image of the model, with build, pull or tag as its remedy.
/// `image.missing` and `image.platform` where it is not the one, and its pull_policy forbids to
/// pull it.
Status observe_images(const Context& context, const CompiledModel& model, const Look& look,
                      bool new_version, Observation& into);

/// `build`, `pull`, `tag`. Thread-safe: several images may be supplied at once. Errors:
/// `image.build_failed` and `image.pull_failed` with the last lines, `image.label` when a built
/// image does not carry what it was built from, `image.platform` when what came is for another one,
/// `image.missing`.
Result<Outcome> perform_image_work(Context& context, const CompiledModel& model,
                                   const Attempt& attempt, Progress& progress,
                                   std::stop_token stop);

}  // namespace reconciler::docker
