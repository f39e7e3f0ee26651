// What Compose adds to a container by calls of their own, so that it is in no create body: files
// that are copied in (ENGINE rule 10), and the commands that run in it (rule 21). Read from the
// resolved model by the rules of Compose's own source; what a record shows of it must agree.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/client/tar.hpp"
#include "plugins/docker/compose/stack.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler::docker {

/// Configs with `content`, configs and secrets with `environment`, that the service takes; by path.
/// Empty ones are not copied. `compose.variable_unset` where a variable has no value,
/// `compose.unsupported` for an owner that is no number, and for a read-only root: nothing can be
/// copied into one.
Result<std::vector<ArchivedFile>> archived_files(const Json& resolved, const std::string& service,
                                                 const Variables& variables, const Stack& stack);

/// `post_start` or `pre_stop` of the service: bodies of exec calls.
std::vector<Json> hooks_of(const Json& resolved, const std::string& service, std::string_view when);

}  // namespace reconciler::docker
