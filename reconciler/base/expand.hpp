// `${NAME}` in texts of the manifest that drivers fill in when they perform: URLs, commands. The
// rules are manifest/placeholders.hpp's: no other form is filled in, `$${` is a literal `${`, and a
// `$` before anything else stays.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"
#include "reconciler/base/secret.hpp"

namespace reconciler {

/// The value of a name, or nullptr where there is none.
using SecretLookup = std::function<const Secret*(std::string_view name)>;

/// The names that are filled in. `variables.syntax` for a `${` that is not closed or not a name.
Result<std::set<std::string>> placeholders(std::string_view text);
/// The text with its names filled in; a Secret, since any of them may be one. `variables.syntax`,
/// `variables.unknown` for each name without a value, `variables.too_large` beyond 128 KiB.
Result<Secret> fill(std::string_view text, const SecretLookup& lookup);

}  // namespace reconciler
