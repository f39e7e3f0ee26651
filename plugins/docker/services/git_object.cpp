#include "plugins/docker/services/git_object.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

std::string object(std::string_view kind, std::string_view content) {
  std::string all(kind);
  all += ' ';
  all += std::to_string(content.size());
  all += '\0';
  all += content;
  return sha1(all);
}

struct Budget {
  size_t bytes;
  size_t files;
};

std::optional<std::string> raw_id(const std::string& path, bool follow, Budget& budget);

std::optional<std::string> tree_id(const std::string& path, Budget& budget) {
  auto names = list_folder(path);
  if (!names) return std::nullopt;
  struct Entry {
    std::string order;  // git sorts a folder as if its name ended in a slash
    std::string text;
  };
  std::vector<Entry> entries;
  for (const auto& name : *names) {
    const std::string child = path + "/" + name;
    struct stat info {};
    if (::lstat(child.c_str(), &info) != 0) return std::nullopt;
    const auto id = raw_id(child, false, budget);
    if (!id) return std::nullopt;
    const bool folder = S_ISDIR(info.st_mode);
    const char* mode = folder                           ? "40000"
                       : S_ISLNK(info.st_mode)          ? "120000"
                       : (info.st_mode & S_IXUSR) != 0U ? "100755"
                                                        : "100644";
    entries.push_back({folder ? name + "/" : name, std::string(mode) + " " + name + '\0' + *id});
  }
  std::ranges::sort(entries, {}, &Entry::order);
  std::string content;
  for (const auto& entry : entries) content += entry.text;
  return object("tree", content);
}

std::optional<std::string> raw_id(const std::string& path, bool follow, Budget& budget) {
  struct stat info {};
  if ((follow ? ::stat(path.c_str(), &info) : ::lstat(path.c_str(), &info)) != 0)
    return std::nullopt;
  if (S_ISDIR(info.st_mode)) return tree_id(path, budget);
  if (budget.files-- == 0) return std::nullopt;
  if (S_ISLNK(info.st_mode)) {
    std::array<char, 4096> target{};
    const auto n = ::readlink(path.c_str(), target.data(), target.size());
    if (n < 0) return std::nullopt;
    return object("blob", std::string_view(target.data(), static_cast<size_t>(n)));
  }
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  const auto content = read_file(path, budget.bytes);
  if (!content) return std::nullopt;
  budget.bytes -= content->size();
  return object("blob", *content);
}

}  // namespace

std::optional<std::string> git_object_id(const std::string& path, size_t most, size_t most_files) {
  Budget budget{most, most_files};
  const auto raw = raw_id(path, true, budget);
  if (!raw) return std::nullopt;
  return to_hex(*raw);
}

bool is_executable(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IXUSR) != 0U;
}

}  // namespace reconciler::docker
