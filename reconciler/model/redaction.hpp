// Takes secret values out of text that comes from outside: a task's output, a build's, a tool's
// words. What we say ourselves never holds one; what others say may.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/error.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

/// Shows each secret value as ‹NAME›, also where one line of a value of several lines stands alone.
/// Values that say nothing by themselves (under four bytes, truth values, numbers under five
/// digits) are left: they would be found in every second line. It holds the values in clear.
class Redaction {
 public:
  explicit Redaction(const Variables& variables) { hide(variables); }

  /// These, too: another version's, or those of another day. A name may have several values.
  void hide(const Variables& variables);

  /// Before each `cut_mark` also what may be the beginning of a value: it was cut in the middle.
  std::string text(std::string_view said) const;
  /// In every string inside of it, keys aside.
  Json json(const Json& said) const;
  Error error(Error why) const;

 private:
  struct Hidden {
    std::string value;
    std::string shown;
  };
  void hide_cut_ends(std::string& text) const;

  std::vector<Hidden> hidden_;  // the longest first: one value may hold another
};

}  // namespace reconciler
