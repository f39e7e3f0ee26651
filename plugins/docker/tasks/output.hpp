// The output of a task or check: shown as it comes, its last lines kept, held against what the
// manifest expects of it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/expression.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::docker {

/// It has more than signs and blanks: some programs end what they say with a `^` below the place.
bool says_something(std::string_view line);

class Output {
 public:
  Output(const Json& input, const Variables& variables, Progress& progress);
  void add(std::string_view line);
  /// What was expected beside what came, in a sentence; empty when all is as expected.
  std::string unmet() const;
  /// {exit_code, lines, detail}
  JsonObject evidence(std::int64_t exit_code) const;
  /// The last line that says something.
  std::string last() const;
  size_t lines() const { return total_; }

 private:
  Progress& progress_;
  std::string expected_;  ///< as the manifest writes it: its variables may be secret
  std::string contains_;
  std::optional<Expression> forbid_;
  std::int64_t wanted_lines_ = -1;
  bool found_ = false;
  std::string forbidden_;  ///< the first line that is forbidden
  std::deque<std::string> kept_;
  size_t total_ = 0;
  size_t cut_ = 0;  ///< of them: longer than is read
};

}  // namespace reconciler::docker
