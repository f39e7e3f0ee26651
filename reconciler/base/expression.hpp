// Regular expressions that cannot be made slow: matched in time linear in the text, by states
// instead of by trying. They come from a config repository, so a backtracking matcher is no choice.
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// Literals, `.`, `[a-z]`, `[^..]`, `\d \w \s \D \W \S`, escapes, `( )`, `(?: )`, `|`, `* + ?`,
/// `{m}`, `{m,}`, `{m,n}`, `^`, `$`, and `(?i)` at the beginning. Bytes, not characters.
class Expression {
 public:
  static constexpr size_t longest = 200;        ///< of the expression
  static constexpr size_t longest_text = 4096;  ///< beyond it nothing matches

  /// `expression.invalid` with what is wrong; `expression.too_large`.
  static Result<Expression> compile(std::string_view text);

  /// The whole of `text`.
  bool matches(std::string_view text) const { return run(text, true); }
  /// Some part of `text`.
  bool found_in(std::string_view text) const { return run(text, false); }

 private:
  friend class ExpressionCompiler;
  using Bytes = std::bitset<256>;
  struct State {
    enum class Kind { bytes, split, begin, end, done } kind;
    Bytes bytes{};
    size_t next = 0;
    size_t other = 0;  ///< of a split
  };
  bool run(std::string_view text, bool whole) const;
  void follow(std::vector<size_t>& set, std::vector<bool>& in, size_t from, bool at_begin,
              bool at_end) const;

  std::vector<State> states_;
  size_t start_ = 0;
};

}  // namespace reconciler
