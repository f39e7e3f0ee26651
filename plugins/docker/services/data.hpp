// The environment's data folders: made once, as rows of the plan, and never removed. A service that
// keeps its files elsewhere than the model says must not be started on an empty folder (ENGINE 13).
#pragma once

#include <vector>

#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {

/// Adds `compose.data_moved`, with the line for the host file, for each mount that a container of
/// the project has from elsewhere than the data folder that is wanted there.
void check_data(const Observed& observed, const std::vector<Place>& places,
                std::vector<Error>& refused);

ResourceId folder_id(const std::string& folder, const EnvironmentId& id);

/// Adds each data folder that is not there, with the work that makes it.
void observe_data(const Context& context, const Observed& observed, Observation& into);

/// Makes the data folders that are not there, each filled once with what git has at its place:
/// first under another name, then renamed, so that a half-filled one is never taken for data.
/// `compose.bind_link` where a container has put a link on the way.
Status make_data(const CompiledModel& model, const std::vector<std::string>& roots);

/// `compose.bind_link` when `path` leads through a link below one of the roots.
Status check_link(const std::string& path, const std::vector<std::string>& roots);

}  // namespace reconciler::docker
