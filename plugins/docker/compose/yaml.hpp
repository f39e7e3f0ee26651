// A compose file as a tree with positions, read through yaml-cpp's events and bounded: what the raw
// text says before Compose resolves it. Aliases share nodes; nothing is ever expanded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler::docker {

inline constexpr size_t largest_yaml = size_t{4} << 20U;  ///< in bytes

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  std::string key;
  int line = 0;
  int column = 0;
  YamlPtr value;
};

struct YamlNode {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string text;                ///< of a scalar
  std::vector<YamlPtr> items;      ///< of a sequence
  std::vector<YamlEntry> entries;  ///< of a map, in order, `<<` among them
  int line = 0;
  int column = 0;
  std::uint64_t weight = 1;  ///< nodes, were all aliases expanded
};

/// One document of at most `largest_yaml`. `compose.invalid` where it is no YAML,
/// `compose.unsupported` for several documents and for tags that change what a scalar says,
/// `compose.too_large` for more than 200,000 nodes after aliases (an alias bomb takes Compose's
/// memory). `shown` names the file.
Result<YamlPtr> parse_yaml(const std::string& text, const std::string& shown);

/// The entry of that name, the map's own first, then what `<<` merges into it; nullptr where there
/// is none or `node` is no map.
const YamlEntry* find(const YamlNode& node, std::string_view key);

/// All entries by name with merges applied; a bounded walk.
std::vector<const YamlEntry*> entries_of(const YamlNode& node);

}  // namespace reconciler::docker
