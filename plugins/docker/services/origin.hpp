// Where a recorded version's mounted files come from: they are made anew from there, without a
// repository and without a compiler.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/compose/model.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

/// The tree that was exported for a version, and git's list of it.
struct Origin {
  std::string tree;
  std::string index;
};

/// Every object that the model has is here, or can be made anew from the tree: adds `object.gone`
/// and `object.harmed` for those of which that is not so.
void check_objects(const CompiledModel& model, const Origin& origin, std::vector<Error>& gone);

/// Makes these objects of the model anew. The errors of check_objects; `file.*` for the disk.
Status make_objects_anew(const CompiledModel& model, const Origin& origin,
                         const std::vector<std::string>& paths);

}  // namespace reconciler::docker
