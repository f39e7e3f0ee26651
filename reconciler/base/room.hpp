// What a full disk lacks, in words.
#pragma once

#include <cstdint>
#include <string>

namespace reconciler {

/// Of the disk that `path` lies on, whether it is there or not: `12 kB to write, 0 B free`; also
/// that no further file fits, where that is so. `wanted`: 0 where nobody knows.
std::string room_missing(const std::string& path, std::int64_t wanted);

}  // namespace reconciler
