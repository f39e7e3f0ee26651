#include "plugins/docker/services/git_object.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

/// SHA-1 (FIPS 180-4): git's naming, no protection against anyone.
std::string sha1(std::string_view bytes) {
  std::array<std::uint32_t, 5> state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U,
                                     0xC3D2E1F0U};
  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
  for (int shift = 56; shift >= 0; shift -= 8)
    padded += static_cast<char>((bits >> static_cast<unsigned>(shift)) & 0xFFU);
  for (size_t block = 0; block < padded.size(); block += 64) {
    std::array<std::uint32_t, 80> w{};
    for (size_t i = 0; i < 64; ++i)
      w[i / 4] = (w[i / 4] << 8U) | static_cast<unsigned char>(padded[block + i]);
    for (size_t i = 16; i < 80; ++i)
      w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = state;
    for (size_t i = 0; i < 80; ++i) {
      const std::uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999U
                              : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1U
                              : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU
                                       : (b ^ c ^ d) + 0xCA62C1D6U;
      const std::uint32_t next = std::rotl(a, 5) + f + e + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    const std::array<std::uint32_t, 5> mixed{a, b, c, d, e};
    for (size_t i = 0; i < 5; ++i) state[i] += mixed[i];
  }
  std::string out;
  for (const std::uint32_t word : state)
    for (int shift = 24; shift >= 0; shift -= 8)
      out += static_cast<char>((word >> static_cast<unsigned>(shift)) & 0xFFU);
  return out;
}

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
