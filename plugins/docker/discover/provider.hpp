// A program that people run the scripts under, so that these have their variables (`doppler run
// --`).
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "reconciler/driver/discover.hpp"

namespace reconciler::docker {

/// The one that `doppler.yaml` names in the folder.
std::optional<FoundProvider> find_provider(const std::string& folder);

/// What it says here and now, asked with the environment of whoever asks; sets `answers`. The
/// values are for Compose alone, and never leave memory.
std::map<std::string, std::string> ask_provider(
    FoundProvider& provider, const std::map<std::string, std::string>& environment,
    std::stop_token stop);

}  // namespace reconciler::docker
