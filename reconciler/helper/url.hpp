// Which places may be fetched from, and which names may be asked for there.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler::helper {

struct Url {
  enum class Kind { https, http, ssh, path };
  Kind kind = Kind::path;
  std::string user;  ///< ssh alone
  std::string host;  ///< lower case, without brackets
  int port = 0;      ///< ssh: 22 where none is written
  std::string path;
};

/// https://, ssh://, git@host:path or an absolute path; http:// only to this very machine.
/// An allow-list, since options and helpers of git have been smuggled in by every other spelling.
/// `git.url_invalid`; what may be a credential is never repeated.
Result<Url> parse_url(std::string_view text);

/// A branch's name as people write it. Stricter than git, which takes `$(id)`. `git.ref_invalid`.
Status check_branch(std::string_view name);

}  // namespace reconciler::helper
