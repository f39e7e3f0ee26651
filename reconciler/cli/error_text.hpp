// An error as a terminal shows it.
#pragma once

#include <string>

#include "reconciler/base/error.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// As reconciler::render(Error), and what is wider than the page wrapped under itself. Places stay
/// as they are: editors read them.
std::string render(const Error& e, const Page& page);

}  // namespace reconciler::cli
