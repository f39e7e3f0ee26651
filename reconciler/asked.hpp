// What the repository asks of one environment, as a digest: it changes when that changes, and not
// with every commit.
#pragma once

#include <string>

#include "reconciler/base/result.hpp"
#include "reconciler/git/source.hpp"
#include "reconciler/model/application.hpp"

namespace reconciler {

/// Of what stands in the manifest alone.
std::string asked_of(const EnvironmentSpec& spec);
/// With the application's files: the commit of a source of its own; else what lies in the tree but
/// manifests and other applications' folders. `state.corrupt` when the tree's list cannot be read.
Result<std::string> asked_of(const EnvironmentSpec& spec, const SourceTree& tree);

}  // namespace reconciler
