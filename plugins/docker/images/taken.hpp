// Images that others built, scripts say, of a stack that was taken over: no label tells what they
// were built from, so each is known by its ID.
#pragma once

#include <map>
#include <string>

#include "plugins/docker/compose/model.hpp"
#include "plugins/docker/services/look.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

/// What stands in the place of the inputs of an image that was taken over, by reference: those of
/// the model that the ledger knows so (the ID is still theirs, and what is wanted is what they are
/// taken to be built from), and while nothing was recorded here, those that others' containers run.
using TakenImages = std::map<std::string, std::string>;
TakenImages taken_images(const CompiledModel& model, const Look& look, const Memory& memory,
                         const std::string& tag);

/// Whether these inputs are of an image that was taken over, and this is the image.
bool is_taken(const std::string& inputs, const SeenImage& image);

/// While nothing was recorded here: adds the images of other tags that the scripts built under the
/// names of the model's. Nobody asks for them, and each shows its tag.
void observe_older_images(const CompiledModel& model, const Look& look, const Memory& memory,
                          const std::string& tag, Observation& into);

}  // namespace reconciler::docker
