// YAML as a tree that knows where each thing stands. The text comes from others: size, depth and
// number of nodes are bounded, and what YAML can do beyond lists, maps and text is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"
#include "reconciler/manifest/spot.hpp"

namespace reconciler {

inline constexpr size_t largest_document = 64U << 10U;
inline constexpr size_t most_mistakes = 100;  ///< in one document; more help nobody

struct Member;

/// A value of the document. Scalars keep their own text: `1.10`, `no` and `0123` are what they look
/// like; who wants a number reads it from the text.
struct Value {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text{};   ///< of a scalar
  bool quoted = false;  ///< a scalar in quotes, or a block scalar
  std::vector<Value> items{};
  std::vector<Member> members;  ///< in the order of the document; no key stands twice
  Spot spot{};

  /// The value of a key of a map; nullptr when there is none.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  const Member* member(std::string_view key) const;
  bool is(Kind wanted) const { return kind == wanted; }
};

struct Member {
  std::string key;
  Spot spot;
  Value value;
};

/// Reads one document. `manifest.too_large`, `.encoding`, `.empty`, `.syntax`, `.too_deep`,
/// `.alias_forbidden`, `.tag_forbidden`, `.duplicate_key`, `.merge_key`, `.multi_document`; where
/// more than one can be found they come together. `file` is what places are called.
Result<Value> parse_document(const std::string& file, std::string_view text);

/// The same for a file on the disk, which is never a symlink; `called` is its name in places.
Result<Value> read_document(const std::string& path, const std::string& called);

}  // namespace reconciler
