// Compose's `${NAME}` for the few places that are looked at before Compose runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/model/variables.hpp"

namespace reconciler::docker {

/// `$NAME`, `${NAME}`, `${NAME:-text}`, `${NAME-text}` and `$$`; nothing where more is asked for
/// than these: what cannot be known here is refused, not guessed. An unset name is empty, as in
/// Compose.
std::optional<std::string> interpolate(std::string_view text, const Variables& variables);

/// True when `line` uses the variable, in whatever form.
bool uses_variable(std::string_view line, std::string_view name);

}  // namespace reconciler::docker
