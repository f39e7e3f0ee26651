// `${NAME}` in the manifest's own texts: `set`, URLs, commands. No other form is filled in; `$${`
// is a literal `${`, and a `$` before anything else stays.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"
#include "reconciler/base/secret.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

/// The names that `text` refers to. `variables.syntax` for a `${` that is not closed or not a name.
Result<std::set<std::string>> references(std::string_view text);

struct Expanded {
  Secret text;
  bool secret = false;  ///< whether a secret value went into it
};

/// `text` with its variables filled in. `variables.unknown` for each that is not there, with the
/// nearest name as hint; `variables.syntax`; `variables.too_large`. `place` goes into the errors.
Result<Expanded> expand(std::string_view text, const Variables& variables, const Place& place = {});

}  // namespace reconciler
