// What the simulated Engine answers.
#pragma once

#include "plugins/docker/client/engine.hpp"

namespace reconciler::simulation {

inline docker::Answer json(int status, Json body) {
  return {status, std::move(body), ""};
}

/// As the Engine refuses: its sentence under `message`.
inline docker::Answer refused(int status, const std::string& why) {
  return json(status, JsonObject{{"message", why}});
}

}  // namespace reconciler::simulation
