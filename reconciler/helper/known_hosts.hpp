// A known_hosts file: which keys the owner of this machine pinned for which ssh servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler::helper {

class KnownHosts {
 public:
  /// `git.host_key` when the file cannot be read.
  static Result<KnownHosts> read(const std::string& path);
  /// The same from text; `path` is for messages. Lines that make no sense are passed over, as ssh
  /// does.
  static KnownHosts parse(std::string_view text, std::string path);

  /// Whether `key` (the raw public key, as ssh sends it) is pinned for the server. `git.host_key`
  /// when it is not, when another is, or when it is revoked.
  Status check(std::string_view host, int port, std::string_view key) const;

 private:
  struct Line {
    std::string hosts;  ///< patterns with commas between, or |1|SALT|HASH
    std::string type;
    std::string key;  ///< raw
    bool revoked = false;
  };
  static bool covers(const Line& line, std::string_view host, int port);

  std::string path_;
  std::vector<Line> lines_;
};

/// `SHA256:...`, as ssh-keygen -l prints it.
std::string fingerprint(std::string_view key);

}  // namespace reconciler::helper
