// Amounts of bytes as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// `500MB`, `10GB`, `2TB` (powers of 1000, as Docker shows them), `512MiB`, `10GiB` (of 1024).
/// `size.invalid` for no unit, a fraction, nothing at all, or more than 1000 TB.
Result<std::int64_t> parse_size(std::string_view text);
/// For people: `10 GB`, `1.5 GB`, `500 MB`, `12 kB`, `14 B`.
std::string size_for_people(std::int64_t bytes);

}  // namespace reconciler
