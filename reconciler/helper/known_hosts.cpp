#include "reconciler/helper/known_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::helper {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    if (c != ' ' && c != '\t' && c != '\r')
      word += c;
    else if (!word.empty())
      words.push_back(std::exchange(word, {}));
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

// `*` and `?` as in ssh. Goes back only to the last `*`, so its time is bounded by the product.
bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = pattern.npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool hashed_matches(std::string_view hashed, std::string_view name) {
  const auto parts = split(hashed, '|');  // "", "1", SALT, HASH
  if (parts.size() != 4) return false;
  const auto salt = from_base64(parts[2]);
  const auto hash = from_base64(parts[3]);
  return salt && hash && sha1_mac(*salt, name) == *hash;
}

bool list_matches(std::string_view patterns, std::string_view name) {
  bool found = false;
  for (const auto& pattern : split(patterns, ',')) {
    const bool no = pattern.starts_with('!');
    if (!matches(lower(no ? pattern.substr(1) : pattern), name)) continue;
    if (no) return false;
    found = true;
  }
  return found;
}

// The type is the first string of the key's own bytes.
std::string type_of(std::string_view key) {
  if (key.size() < 4) return "unknown";
  size_t length = 0;
  for (size_t i = 0; i < 4; ++i) length = length << 8U | static_cast<unsigned char>(key[i]);
  if (length > 64 || key.size() < 4 + length) return "unknown";
  return printable(key.substr(4, length));
}

std::string name_of(std::string_view host, int port) {
  return port == 22 ? std::string(host) : fmt::format("[{}]:{}", host, port);
}

}  // namespace

std::string fingerprint(std::string_view key) {
  const std::string hex = sha256(key);
  std::string raw;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    raw += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  std::string text = to_base64(raw);
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

Result<KnownHosts> KnownHosts::read(const std::string& path) {
  auto text = read_file(path, 16U << 20U);
  if (!text)
    return failure(
        error("git.host_key", fmt::format("the known_hosts file {} cannot be read", path))
            .with("cause", text.error().message)
            .next(fmt::format("ssh-keyscan HOST > {}, and compare what it holds with "
                              "what the server's owner publishes",
                              path)));
  return parse(*text, path);
}

KnownHosts KnownHosts::parse(std::string_view text, std::string path) {
  KnownHosts known;
  known.path_ = std::move(path);
  for (const auto& raw : split(text, '\n')) {
    auto words = words_of(raw);
    if (words.empty() || words[0].starts_with('#')) continue;
    Line line;
    if (words[0].starts_with('@')) {
      if (words[0] != "@revoked") continue;  // authorities sign keys; libssh2 shows no certificate
      line.revoked = true;
      words.erase(words.begin());
    }
    if (words.size() < 3) continue;
    auto key = from_base64(words[2]);
    if (!key) continue;
    line.hosts = words[0];
    line.type = words[1];
    line.key = std::move(*key);
    known.lines_.push_back(std::move(line));
  }
  return known;
}

bool KnownHosts::covers(const Line& line, std::string_view host, int port) {
  const std::string name = name_of(lower(host), port);
  return line.hosts.starts_with("|1|") ? hashed_matches(line.hosts, name)
                                       : list_matches(line.hosts, name);
}

Status KnownHosts::check(std::string_view host, int port, std::string_view key) const {
  const std::string name = name_of(host, port);
  const std::string type = type_of(key);
  const auto refuse = [&](std::string message) {
    return error("git.host_key", std::move(message))
        .with("shown", fmt::format("{} {}", type, fingerprint(key)));
  };
  bool pinned = false;
  std::vector<std::string> others;
  bool same_type = false;
  for (const auto& line : lines_) {
    if (!covers(line, host, port)) continue;
    const bool same = line.key == key;
    if (line.revoked && same)
      return failure(refuse(fmt::format("the key of {} is revoked in {}", name, path_))
                         .next("ask the server's owner"));
    if (line.revoked) continue;
    if (same)
      pinned = true;
    else
      others.push_back(fmt::format("{} {}", line.type, fingerprint(line.key)));
    same_type = same_type || line.type == type;
  }
  if (pinned) return {};
  const std::string add = fmt::format("ssh-keyscan{} {} >> {}",
                                      port == 22 ? "" : fmt::format(" -p {}", port), host, path_);
  if (others.empty())
    return failure(refuse(fmt::format("{} is not in {}", name, path_))
                       .next(add + ", and compare it with what the server's owner publishes"));
  if (!same_type)
    return failure(refuse(fmt::format("{} has no {} key of {}", path_, type, name))
                       .with("pinned", join(others, ", "))
                       .next(add + ", and compare it with what the server's owner publishes"));
  return failure(refuse(fmt::format("{} shows another key than the one in {}", name, path_))
                     .with("pinned", join(others, ", "))
                     .next("someone may be in between: ask the server's owner before changing it"));
}

}  // namespace reconciler::helper
