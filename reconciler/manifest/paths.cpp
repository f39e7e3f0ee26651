#include "reconciler/manifest/paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t longest_path = 1024;

std::string quoted(std::string_view path) {
  return fmt::format("\"{}\"", printable(path, 80));
}

Status check_any(std::string_view what, std::string_view path) {
  const auto control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  };
  if (path.empty()) return failure(error("path.invalid", fmt::format("{} is empty", what)));
  if (path.size() > longest_path)
    return failure(error("path.invalid", fmt::format("{} has {} characters, and may have {}", what,
                                                     path.size(), longest_path)));
  if (std::ranges::any_of(path, control))
    return failure(error("path.invalid",
                         fmt::format("{} is {}, with a control character", what, quoted(path))));
  for (const auto& part : split(path, '/'))
    if (part == "..")
      return failure(
          error("path.escape", fmt::format("{} is {}, and may not hold ..", what, quoted(path)))
              .next("name the place itself"));
  return {};
}

}  // namespace

Status check_tree_path(std::string_view what, std::string_view path) {
  if (auto good = check_any(what, path); !good) return good;
  if (path.starts_with('/'))
    return failure(
        error("path.escape",
              fmt::format("{} is {}, and must lie inside the tree", what, quoted(path)))
            .next("write it without the leading /; what is not in git goes into the host file's "
                  "`files`"));
  return {};
}

Status check_host_path(std::string_view what, std::string_view path) {
  if (auto good = check_any(what, path); !good) return good;
  if (!path.starts_with('/'))
    return failure(
        error("path.relative", fmt::format("{} is {}, and must be absolute", what, quoted(path)))
            .next("begin it with /"));
  return {};
}

}  // namespace reconciler
