// Where things stand in a text, and how far they reach.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/base/error.hpp"

namespace reconciler {

/// A file's name and its lines, shared by all that was read from it.
struct SourceText {
  std::string file;
  std::vector<std::string> lines;
};

/// Where a key or a value stands. Small; the excerpt is made when someone asks.
struct Spot {
  std::shared_ptr<const SourceText> text;
  int line = 0;
  int column = 0;  ///< in characters, from 1
  int width = 1;
  Place place() const;
};

/// The place of what concerns a file as a whole.
inline Place whole_file(std::string file) {
  return {std::move(file), 0, 0, 1, ""};
}

/// How far a scalar reaches on its first line, in characters; `at` is a byte of `line`, where the
/// parser says that it begins (it does not say where it ends).
int scalar_width(std::string_view line, size_t at, std::string_view scalar);

/// The first quote from `from` on that opens a scalar and is never closed; `from` if there is none.
Spot open_quote(const Spot& from);

}  // namespace reconciler
