// Which images a stack wants, and what each build's result depends on.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/compose/record.hpp"
#include "plugins/docker/compose/stack.hpp"
#include "plugins/docker/compose/tree.hpp"

namespace reconciler::docker {

/// Every image that a container or task of the record uses, by reference. `images`: the manifest's
/// section. Build inputs are a digest under `key`: arguments may be secret. `path.escape`,
/// `path.not_found` and `path.symlink` for a Dockerfile, `compose.unsupported` where two services
/// build one name from different inputs.
Result<std::vector<Image>> images_of(const Record& record, const Json& resolved, const Json& images,
                                     const Tree& tree, const Stack& stack, std::string_view key);

/// Adds those of `also` in that section, pulled where they are missing: what services start by
/// themselves. Places of errors point into the manifest: `variables.unknown`, `variables.syntax`,
/// `image.name` for what is no reference.
Status add_wanted_images(const Json& images, const Variables& variables, std::vector<Image>& to);

/// The time that the slowest health check may take to say that a container is not well.
Duration patience_of(const Record& record);

}  // namespace reconciler::docker
