// YAML as a tree that knows where each thing stands. The text comes from others: size, depth and
// number of nodes are bounded, and what YAML can do beyond lists, maps and text is refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

inline constexpr size_t largest_document = 64U << 10U;

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
inline Place whole_file(std::string file) { return {std::move(file), 0, 0, 1, ""}; }

struct Member;

/// A value of the document. Scalars keep their own text: `1.10`, `no` and `0123` are what they look
/// like; who wants a number reads it from the text.
struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text{};    ///< of a scalar
  bool quoted = false;   ///< a scalar in quotes, or a block scalar
  std::vector<Node> items{};
  std::vector<Member> members{};  ///< in the order of the document; no key stands twice
  Spot spot{};

  /// The value of a key of a map; nullptr when there is none.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  const Member* member(std::string_view key) const;
  bool is(Kind wanted) const { return kind == wanted; }
};

struct Member {
  std::string key;
  Spot spot;
  Node value;
};

/// Reads one document. `manifest.too_large`, `.encoding`, `.empty`, `.syntax`, `.too_deep`,
/// `.alias_forbidden`, `.tag_forbidden`, `.duplicate_key`, `.merge_key`, `.multi_document`; where
/// more than one can be found they come together. `file` is what places are called.
Result<Node> parse_document(const std::string& file, std::string_view text);

/// The same for a file on the disk, which is never a symlink; `called` is its name in places.
Result<Node> read_document(const std::string& path, const std::string& called);

}  // namespace reconciler
