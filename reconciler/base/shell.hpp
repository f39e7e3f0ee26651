// Lines that people type into a shell. Nothing here is ever run.
#pragma once

#include <string>
#include <string_view>

namespace reconciler {

/// A word as a POSIX shell takes it for one, quoted where it must be.
std::string shell_word(std::string_view word);

}  // namespace reconciler
