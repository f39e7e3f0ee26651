// `$NAME` and `${NAME:-default}` in an env file, by the rules of Compose's own reader.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// The value of a variable, or none where it is not set.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

inline constexpr size_t largest_value = 64U << 10U;

/// `$$` is `$`; `${A}` `$A`, `${A:-x}` `${A-x}`, `${A:?why}` `${A?why}`, `${A:+x}` `${A+x}`,
/// nested; what is not set is empty. `variables.syntax`, `variables.required` (a `?` that fails),
/// `variables.too_large`. No message holds a value.
Result<std::string> interpolate(std::string_view text, const Lookup& lookup);

}  // namespace reconciler
