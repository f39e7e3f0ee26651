// One name on a host stands for one thing: what is said where two environments would fight for it.
#pragma once

#include "reconciler/base/error.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// `image.shared`: `other` counts on the artifact made from other inputs than `id` wants.
Error image_shared(const EnvironmentId& id, const ResourceId& artifact, const EnvironmentId& other);

}  // namespace reconciler
