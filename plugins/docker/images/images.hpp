// Images: there, built from what is wanted, or to be built, pulled, or given their tag back.
#pragma once

#include <stop_token>

#include "plugins/docker/images/taken.hpp"
#include "plugins/docker/services/context.hpp"
#include "plugins/docker/services/resources.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// Which version is wanted, and whether it is another than was recorded last.
struct WantedVersion {
  std::string tag;
  bool is_new = false;
  TakenImages taken{};
  bool rebuild = false;  ///< what is built is built anew, though it is there
};

/// Images that are on the host under their name and will be made anew: the services that run them
/// will have another.
ChangingImages changing_images(const CompiledModel& model, const Look& look,
                               const WantedVersion& version);

/// Adds a resource for each image of the model, with build, pull or tag as its remedy.
/// `image.missing` and `image.platform` where it is not the one, and its pull_policy forbids to
/// pull it. An artifact of the version `tag` is what is built, and what has the tag in its name.
Status observe_images(const Context& context, const CompiledModel& model, const Look& look,
                      const WantedVersion& version, Observation& into);

/// Adds those of Memory::outdated that are on the host and that we made, to be removed where no
/// container of the host uses them but such as go before them (`into` names these already). Asks
/// the Engine only where there are some.
Status observe_outdated_images(const Context& context, const Observed& observed, Deadline deadline,
                               Observation& into);
/// By name, never by force: other names of it stay. `plan.stale`; `image.in_use`.
Result<Outcome> remove_image(Context& context, const Attempt& attempt);

/// Adds the Engine's build cache, to be held to `budget` bytes, where something is built (`into`
/// tells). It comes after the images that are removed: what they hold is no cache.
void observe_build_cache(const Context& context, const CompiledModel& model, std::int64_t budget,
                         Observation& into);
Result<Outcome> trim_build_cache(Context& context, const Attempt& attempt);

/// `build`, `pull`, `tag`. Thread-safe: several images may be supplied at once. Errors:
/// `image.build_failed` and `image.pull_failed` with the last lines, `image.label` when a built
/// image does not carry what it was built from, `image.platform` when what came is for another one,
/// `image.missing`.
Result<Outcome> perform_image_work(Context& context, const CompiledModel& model,
                                   const Attempt& attempt, Progress& progress,
                                   std::stop_token stop);

}  // namespace reconciler::docker
