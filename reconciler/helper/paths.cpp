#include "reconciler/helper/paths.hpp"

#include <fmt/format.h>

#include "reconciler/base/text.hpp"
#include "reconciler/base/utf8.hpp"

namespace reconciler::helper {
namespace {

constexpr size_t most_part = 255;

bool is_git_folder(std::string_view part) {
  return part.size() == 4 && part[0] == '.' && (part[1] == 'g' || part[1] == 'G') &&
         (part[2] == 'i' || part[2] == 'I') && (part[3] == 't' || part[3] == 'T');
}

std::string_view fault_of(std::string_view part) {
  if (part.empty()) return "is empty";
  if (part == "." || part == "..") return "leads elsewhere";
  if (is_git_folder(part)) return "is git's own";
  if (part.find('/') != part.npos) return "holds a slash";
  if (part.find('\0') != part.npos) return "holds a NUL";
  if (part.size() > most_part) return "is longer than 255 bytes";
  if (!is_utf8(part)) return "is not UTF-8";
  return {};
}

}  // namespace

Status check_part(std::string_view part) {
  const auto fault = fault_of(part);
  if (fault.empty()) return {};
  return failure(error("git.path_unsafe", fmt::format("a name in the tree, \"{}\", {}",
                                                      printable(to_utf8(part, 80)), fault))
                     .next("take it out of the repository or rename it there"));
}

Status check_folder(std::string_view folder) {
  if (folder.empty()) return {};
  for (const auto& part : split(folder, '/'))
    if (const auto fault = fault_of(part); !fault.empty() || folder.size() > 4096)
      return failure(error("path.escape", fmt::format("\"{}\" is not a folder of the repository",
                                                      printable(to_utf8(folder, 200))))
                         .next("write it from the repository's root, without \"..\""));
  return {};
}

}  // namespace reconciler::helper
