// Data that would be left behind: a service that keeps its files elsewhere than the model says must
// not be started on an empty folder (ENGINE 13).
#pragma once

#include <vector>

#include "plugins/docker/services/resources.hpp"

namespace reconciler::docker {

/// Adds `compose.data_moved`, with the line for the host file, for each mount that a container of
/// the project has from elsewhere than the data folder that is wanted there.
void check_data(const Observed& observed, const std::vector<Place>& places,
                std::vector<Error>& refused);

/// Makes the data folders that are not there, each filled once with what git has at its place:
/// first under another name, then renamed, so that a half-filled one is never taken for data.
/// `compose.bind_link` where a container has put a link on the way.
Status make_data(const CompiledModel& model, const std::vector<std::string>& roots);

/// `compose.bind_link` when `path` leads through a link below one of the roots.
Status check_link(const std::string& path, const std::vector<std::string>& roots);

}  // namespace reconciler::docker
