// What the Docker driver keeps in the state folder and nothing needs any more: compiled models of
// versions gone by, and objects that no container mounts and no model names.
#pragma once

#include "plugins/docker/services/context.hpp"
#include "reconciler/driver/driver.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler::docker {

/// Where an environment's compiled models lie.
std::string models_of(const Context& context, const EnvironmentId& id);

/// `key` is the model that stays for `id`. Where it is not known what is needed (the Engine is
/// away, a model cannot be read, somebody compiles) no object is removed.
Status tidy(Context& context, const EnvironmentId& id, const std::string& key,
            const std::vector<Recorded>& kept);

}  // namespace reconciler::docker
