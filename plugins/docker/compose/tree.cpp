#include "plugins/docker/compose/tree.hpp"

#include <fmt/format.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// Git writes modes in octal; a JSON writer may have kept the text or the number.
std::optional<TreeEntry::Kind> kind_of(const Json& mode) {
  std::int64_t bits = 0;
  if (mode.is_string())
    bits = std::strtol(std::string(mode.get_string()).c_str(), nullptr, 8);
  else if (mode.is_int64())
    bits = mode.get_int64();
  else if (mode.is_uint64())
    bits = static_cast<std::int64_t>(mode.get_uint64());
  switch (bits) {
    case 0100644:
    case 0100664:
      return TreeEntry::Kind::file;
    case 0100755:
      return TreeEntry::Kind::executable;
    case 040000:
      return TreeEntry::Kind::folder;
    case 0120000:
      return TreeEntry::Kind::symlink;
    case 0160000:
      return TreeEntry::Kind::submodule;
    default:
      return std::nullopt;
  }
}

std::string tidy(std::string_view path) {
  std::string clean = clean_path(path);
  if (clean == "." || clean == "/") return "";
  return clean;
}

}  // namespace

Result<Tree> Tree::read(std::string root, const std::string& index_file,
                        std::map<std::string, std::string> files) {
  auto text = read_file(index_file, largest_index);
  if (!text) return failed(text);
  auto index = parse_json(*text);
  if (!index) return failed(index);
  return from(std::move(root), *index, std::move(files));
}

Result<Tree> Tree::from(std::string root, const Json& index,
                        std::map<std::string, std::string> files) {
  Tree tree;
  tree.root_ = clean_path(root);
  for (auto& [place, real] : files) {
    if (tidy(place).empty() || !real.starts_with('/'))
      return failure(
          error("host.files",
                fmt::format("`files:` needs a place in the tree and an absolute path: {}: {}",
                            place, real)));
    tree.files_[tidy(place)] = clean_path(real);
  }
  if (!index.is_array())
    return failure(error("tree.index", "the list of the tree is not a JSON array"));
  for (const auto& item : index.get_array()) {
    const auto* mode = member(item, "mode");
    const auto kind = mode ? kind_of(*mode) : std::nullopt;
    if (!kind)
      return failure(error("tree.index", fmt::format("{} has a mode that git does not write",
                                                     printable(text_at(item, "path")))));
    tree.entries_[tidy(text_at(item, "path"))] = {*kind, text_at(item, "oid")};
  }
  return tree;
}

const TreeEntry* Tree::entry(std::string_view relative) const {
  const auto found = entries_.find(relative);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string, const TreeEntry*>> Tree::under(std::string_view folder) const {
  std::vector<std::pair<std::string, const TreeEntry*>> out;
  const std::string prefix = folder.empty() ? "" : std::string(folder) + "/";
  for (auto it = entries_.lower_bound(prefix);
       it != entries_.end() && it->first.starts_with(prefix); ++it)
    if (it->first.size() > prefix.size())
      out.emplace_back(it->first.substr(prefix.size()), &it->second);
  return out;
}

std::string Tree::oid_of(std::string_view folder) const {
  if (const auto* known = entry(folder); known && !known->oid.empty()) return known->oid;
  std::string list;
  for (const auto& [path, known] : under(folder))
    list += path + '\0' + std::to_string(static_cast<int>(known->kind)) + known->oid + '\0';
  return sha256(list);
}

std::optional<std::string> Tree::placed(std::string_view relative) const {
  for (const auto& [place, real] : files_) {
    if (place.empty()) continue;
    if (relative == place) return real;
    if (relative.starts_with(place + "/")) return real + std::string(relative.substr(place.size()));
  }
  return std::nullopt;
}

std::optional<std::string> Tree::relative(std::string_view absolute) const {
  const std::string clean = clean_path(absolute);
  if (clean == root_) return "";
  if (!lies_under(clean, root_)) return std::nullopt;
  return clean.substr(root_.size() + 1);
}

Status Tree::no_link_on(std::string_view relative, std::string_view what) const {
  for (size_t end = 0; end <= relative.size(); ++end) {
    if (end < relative.size() && relative[end] != '/') continue;
    const auto part = relative.substr(0, end);
    const auto* known = entry(part);
    if (!known) continue;
    if (known->kind == TreeEntry::Kind::symlink || known->kind == TreeEntry::Kind::submodule)
      return failure(
          error(
              "path.symlink",
              fmt::format("{} \"{}\" leads through {}, which git has as a {}", what, relative, part,
                          known->kind == TreeEntry::Kind::symlink ? "symlink" : "submodule"))
              .next("name the real file or folder"));
  }
  return {};
}

Result<Located> Tree::locate(std::string_view base, std::string_view path,
                             std::string_view what) const {
  const auto escape = [&] {
    return failure(
        error("path.escape",
              fmt::format("{} \"{}\" lies outside of the tree", what, printable(path, 200)))
            .next("put the file into the repository, or name it under `files:` in the host file"));
  };
  if (path.empty()) return failure(error("path.not_found", fmt::format("{} is empty", what)));
  std::string absolute(path);
  if (path.front() != '/') absolute = fmt::format("{}/{}/{}", root_, base, path);
  absolute = clean_path(absolute);
  Located located;
  const auto in_tree = relative(absolute);
  if (!in_tree) {
    for (const auto& [place, real] : files_)
      if (absolute == real) return Located{place, real, nullptr, true};
    return escape();
  }
  located.relative = *in_tree;
  if (const auto real = placed(located.relative)) {
    located.real = *real;
    located.placed = true;
    return located;
  }
  if (auto straight = no_link_on(located.relative, what); !straight) return failed(straight);
  located.real = absolute;
  located.entry = entry(located.relative);
  if (!located.entry && !located.relative.empty())
    return failure(
        error("path.not_found",
              fmt::format("{} \"{}\" is not in the tree", what, printable(path, 200)))
            .next("commit it, or say under `files:` in the host file where it really lies"));
  return located;
}

}  // namespace reconciler::docker
