// The state folder as a command finds it, before anything is read from it or written to it.
#pragma once

#include <string>

#include "reconciler/base/result.hpp"

namespace reconciler::cli {

/// It is ours alone, or can be made where it is to be: `state.unsafe`, `state.no_folder`.
Status check_state_folder(const std::string& state);

}  // namespace reconciler::cli
