// Env files, read as Compose reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"
#include "reconciler/base/secret.hpp"
#include "reconciler/manifest/interpolation.hpp"

namespace reconciler {

struct EnvEntry {
  std::string name;
  Secret value;
  int line = 0;
};

inline constexpr size_t largest_env_file = 1U << 20U;

/// The entries in the file's order, a name as often as it is set (the last one counts). `export`,
/// comments, single and double quotes (also over lines), escapes, `NAME: value` and `${NAME}` from
/// `lookup` or from entries before; without `lookup` a `$` is a `$`. A NAME alone would inherit and
/// so sets nothing here.
/// `variables.syntax` and what interpolate() says, with file and line and never a value.
Result<std::vector<EnvEntry>> parse_env_file(const std::string& called, std::string_view text,
                                             const Lookup& lookup);

/// What a provider printed: one JSON object of texts, numbers and truth values, else an env file in
/// which a `$` is a `$`. `variables.syntax`, never with a value.
Result<std::vector<EnvEntry>> parse_provided(const std::string& called, std::string_view text);

}  // namespace reconciler
