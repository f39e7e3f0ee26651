// The client of `reconciler-helper`, the program that talks to other machines. One process a call:
// a JSON request on its standard input, a JSON answer on its standard output, a hard deadline.
#pragma once

#include <stop_token>
#include <string>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler {

class Helper {
 public:
  virtual ~Helper() = default;
  /// `verb` is one of helper/README.md's. The answer is that verb's result. Errors of the helper
  /// come back as they are (`git.auth`, ...); `helper.missing` without the program,
  /// `helper.timeout` when the deadline passed (it is killed).
  virtual Result<Json> call(const std::string& verb, const Json& request, Duration timeout,
                            std::stop_token stop = {}) = 0;
};

/// Looked for beside the own executable, then in /usr/libexec/reconciler.
class HelperProcess final : public Helper {
 public:
  Result<Json> call(const std::string& verb, const Json& request, Duration timeout,
                    std::stop_token stop = {}) override;
};

/// An error as it travels between processes, and back.
Json to_json(const Error& e);
Error error_from_json(const Json& value);

}  // namespace reconciler
