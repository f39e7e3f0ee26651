// Compile: Compose brings the resolved model up against an EmptyEngine, and the record of what it
// asked for is the result.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "plugins/docker/compose/canonical_form.hpp"
#include "plugins/docker/compose/invoke.hpp"
#include "plugins/docker/compose/model.hpp"
#include "plugins/docker/compose/resolve.hpp"

namespace reconciler::docker {

struct Record {
  std::vector<Container> containers;
  std::map<std::string, Container> tasks;
  std::vector<Network> networks;
  std::vector<Volume> volumes;
};

/// `compose.unsupported` when Compose asks for what the recorder does not know, or leaves out a
/// service; `compose.too_old` for keys that it drops; `compose.invalid` with Compose's words when
/// it refuses.
Result<Record> record_model(const Resolved& resolved, const std::string& tree,
                            const std::string& plugin, const Scratch& scratch, Engine& engine,
                            const Variables& variables, Deadline deadline, std::stop_token stop);

/// Compose's hash of a container that refers to others by id, with the ids (by name) that they have
/// now: in the compiled model it is that of made-up ones (ENGINE rule 7).
Result<std::string> config_hash_with(const CompiledModel& model, const Container& container,
                                     const std::map<std::string, std::string>& ids,
                                     const std::string& plugin, const Scratch& scratch,
                                     Engine& engine, Deadline deadline, std::stop_token stop);

}  // namespace reconciler::docker
