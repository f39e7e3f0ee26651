// What rows hold in words of ours. A page that was damaged may be whole to SQLite and hold none of
// them; whether a row can be read is asked here by those who read it, so that the examination of a
// file finds what they would meet.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "reconciler/base/result.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler {

/// A list of things, as a column holds it.
Status read_ids(const std::string& text, std::set<ResourceId>& into);

/// A table's rows, and how they are read.
struct TextsOf {
  const char* rows;  ///< a statement; the first column names the row for people
  /// `text(n)` is the n-th column, none where it is null.
  Status (*read)(const std::function<std::optional<std::string>(int)>& text);
};
extern const std::array<TextsOf, 3> all_texts;

}  // namespace reconciler
