#include "reconciler/base/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

namespace reconciler {

/// Recursive descent to a tree, then Thompson's construction, back to front.
class ExpressionCompiler {
 public:
  explicit ExpressionCompiler(std::string_view text) : text_(text) {}

  Result<Expression> compile() {
    if (text_.starts_with("(?i)")) {
      any_case_ = true;
      at_ = 4;
    }
    Tree tree = alternatives();
    if (problem_.empty() && at_ < text_.size()) problem_ = "a ) closes nothing";
    if (!problem_.empty())
      return failure(
          error("expression.invalid", fmt::format("\"{}\" is no expression: {}", text_, problem_)));
    Expression out;
    out.start_ = build(tree, add({Expression::State::Kind::done}));
    if (too_large_)
      return failure(error("expression.too_large", fmt::format("\"{}\" repeats too much", text_))
                         .next("write smaller numbers in { }"));
    out.states_ = std::move(states_);
    return out;
  }

 private:
  using Bytes = Expression::Bytes;
  static constexpr size_t most_states = 2000;
  static constexpr size_t most_built = 20'000;
  static constexpr size_t most_times = 200;
  static constexpr int deepest = 20;

  struct Tree {
    enum class Kind { empty, bytes, begin, end, sequence, either, repeat } kind = Kind::empty;
    Bytes bytes{};
    std::vector<Tree> parts{};
    size_t least = 0;
    std::optional<size_t> most{};
  };

  bool more() const { return at_ < text_.size() && problem_.empty(); }
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Tree fail(std::string why) {
    if (problem_.empty()) problem_ = std::move(why);
    return {};
  }

  Tree alternatives() {
    Tree out{.kind = Tree::Kind::either};
    do {
      out.parts.push_back(sequence());
    } while (take('|'));
    return out;
  }

  Tree sequence() {
    Tree out{.kind = Tree::Kind::sequence};
    while (more() && text_[at_] != '|' && text_[at_] != ')') out.parts.push_back(repeated());
    return out;
  }

  Tree repeated() {
    Tree one = atom();
    for (int times = 0; more(); ++times) {
      Tree repeat{.kind = Tree::Kind::repeat};
      if (take('*'))
        repeat.least = 0;
      else if (take('+'))
        repeat.least = 1;
      else if (take('?'))
        repeat.most = 1;
      else if (text_[at_] == '{')
        counts(repeat);
      else
        break;
      if (times > 0) return fail("a repetition is repeated");
      take('?');  // "as few as possible" changes what is captured, not whether it matches
      repeat.parts.push_back(std::move(one));
      one = std::move(repeat);
    }
    return one;
  }

  void counts(Tree& repeat) {
    ++at_;
    const auto least = number();
    repeat.least = least.value_or(0);
    repeat.most = least;
    if (take(',')) repeat.most = number();
    if (!least || !take('}') || (repeat.most && *repeat.most < repeat.least))
      fail("a { } needs numbers such as {2} or {2,5}");
    if (repeat.least > most_times || repeat.most.value_or(0) > most_times)
      fail(fmt::format("a repetition of more than {}", most_times));
  }

  std::optional<size_t> number() {
    std::optional<size_t> out;
    while (more() && text_[at_] >= '0' && text_[at_] <= '9' && out.value_or(0) < 100'000)
      out = out.value_or(0) * 10 + static_cast<size_t>(text_[at_++] - '0');
    return out;
  }

  Tree atom() {
    const char c = text_[at_++];
    switch (c) {
      case '(': {
        if (take('?') && !take(':')) return fail("(? can only be (?: or, first of all, (?i)");
        if (++depth_ > deepest) return fail("groups stand too deep");
        Tree inner = alternatives();
        --depth_;
        return take(')') ? inner : fail("a ( is not closed");
      }
      case '[':
        return set();
      case '.':
        return bytes(~single('\n'));
      case '^':
        return {.kind = Tree::Kind::begin};
      case '$':
        return {.kind = Tree::Kind::end};
      case '*':
      case '+':
      case '?':
      case '{':
        return fail(fmt::format("nothing stands before {} to repeat", c));
      case '\\': {
        const auto escaped = escape();
        return escaped ? bytes(*escaped) : fail("a \\ is followed by what has no meaning");
      }
      default:
        return bytes(single(c));
    }
  }

  static Bytes single(char c) {
    Bytes out;
    out.set(static_cast<unsigned char>(c));
    return out;
  }
  static Bytes range(char from, char to) {
    Bytes out;
    for (int b = static_cast<unsigned char>(from); b <= static_cast<unsigned char>(to); ++b)
      out.set(static_cast<size_t>(b));
    return out;
  }

  Tree bytes(Bytes set) {
    if (any_case_)
      for (size_t lower = 'a'; lower <= 'z'; ++lower) {
        const size_t upper = lower - 32;
        if (set[lower] || set[upper]) set.set(lower).set(upper);
      }
    return {.kind = Tree::Kind::bytes, .bytes = set};
  }

  std::optional<Bytes> escape() {
    if (!more()) return std::nullopt;
    const char c = text_[at_++];
    const Bytes digits = range('0', '9');
    const Bytes word = digits | range('a', 'z') | range('A', 'Z') | single('_');
    const Bytes space = single(' ') | range('\t', '\r');
    switch (c) {
      case 'd':
        return digits;
      case 'D':
        return ~digits;
      case 'w':
        return word;
      case 'W':
        return ~word;
      case 's':
        return space;
      case 'S':
        return ~space;
      case 'n':
        return single('\n');
      case 'r':
        return single('\r');
      case 't':
        return single('\t');
      default:
        if (word[static_cast<unsigned char>(c)]) return std::nullopt;
        return single(c);
    }
  }

  Tree set() {
    Bytes out;
    const bool inverse = take('^');
    bool first = true;
    while (more() && (text_[at_] != ']' || first)) {
      first = false;
      const auto from = member();
      if (!from) return fail("a \\ is followed by what has no meaning");
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        const auto to = member();
        if (!to || from->count() != 1 || to->count() != 1 || first_of(*from) > first_of(*to))
          return fail("a range in [ ] goes from nowhere to nowhere");
        out |= range(static_cast<char>(first_of(*from)), static_cast<char>(first_of(*to)));
      } else {
        out |= *from;
      }
    }
    if (!take(']')) return fail("a [ is not closed");
    const Tree plain = bytes(out);  // letters of both cases first, then the inverse
    return inverse ? Tree{.kind = Tree::Kind::bytes, .bytes = ~plain.bytes} : plain;
  }

  std::optional<Bytes> member() {
    const char c = text_[at_++];
    return c == '\\' ? escape() : single(c);
  }
  static size_t first_of(const Bytes& set) {
    size_t i = 0;
    while (i < 255 && !set[i]) ++i;
    return i;
  }

  size_t add(Expression::State state) {
    if (states_.size() >= most_states) {
      too_large_ = true;
      return 0;
    }
    states_.push_back(state);
    return states_.size() - 1;
  }

  /// The state that begins `tree` and goes on to `next`.
  size_t build(const Tree& tree, size_t next) {
    using Kind = Expression::State::Kind;
    // Empty groups make no states, and yet can be repeated for ever: count what is done as well.
    if (++built_ > most_built) too_large_ = true;
    if (too_large_) return next;
    switch (tree.kind) {
      case Tree::Kind::empty:
        return next;
      case Tree::Kind::bytes:
        return add({Kind::bytes, tree.bytes, next});
      case Tree::Kind::begin:
        return add({Kind::begin, {}, next});
      case Tree::Kind::end:
        return add({Kind::end, {}, next});
      case Tree::Kind::sequence:
        for (auto part = tree.parts.rbegin(); part != tree.parts.rend(); ++part)
          next = build(*part, next);
        return next;
      case Tree::Kind::either: {
        size_t out = build(tree.parts.front(), next);
        for (size_t i = 1; i < tree.parts.size(); ++i)
          out = add({Kind::split, {}, build(tree.parts[i], next), out});
        return out;
      }
      case Tree::Kind::repeat:
        return repeat(tree, next);
    }
    return next;
  }

  size_t repeat(const Tree& tree, size_t next) {
    using Kind = Expression::State::Kind;
    const Tree& one = tree.parts.front();
    if (!tree.most) {  // a loop
      const size_t loop = add({Kind::split, {}, 0, next});
      const size_t body = build(one, loop);
      states_[loop].next = body;
      next = loop;
    } else {
      const size_t after = next;
      for (size_t i = tree.least; i < *tree.most && !too_large_; ++i)
        next = add({Kind::split, {}, build(one, next), after});
    }
    for (size_t i = 0; i < tree.least && !too_large_; ++i) next = build(one, next);
    return next;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  size_t built_ = 0;
  bool any_case_ = false;
  bool too_large_ = false;
  std::string problem_;
  std::vector<Expression::State> states_;
};

Result<Expression> Expression::compile(std::string_view text) {
  if (text.size() > longest)
    return failure(error(
        "expression.too_large",
        fmt::format("the expression has {} characters, and may have {}", text.size(), longest)));
  return ExpressionCompiler(text).compile();
}

void Expression::follow(std::vector<size_t>& set, std::vector<bool>& in, size_t from, bool at_begin,
                        bool at_end) const {
  std::vector<size_t> pending{from};
  while (!pending.empty()) {
    const size_t at = pending.back();
    pending.pop_back();
    if (in[at]) continue;
    in[at] = true;
    const State& state = states_[at];
    switch (state.kind) {
      case State::Kind::split:
        pending.push_back(state.other);
        pending.push_back(state.next);
        break;
      case State::Kind::begin:
        if (at_begin) pending.push_back(state.next);
        break;
      case State::Kind::end:
        if (at_end) pending.push_back(state.next);
        break;
      case State::Kind::bytes:
      case State::Kind::done:
        set.push_back(at);
        break;
    }
  }
}

bool Expression::run(std::string_view text, bool whole) const {
  if (text.size() > longest_text) return false;
  std::vector<size_t> now;
  std::vector<bool> in(states_.size());
  follow(now, in, start_, true, text.empty());
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool last = i == text.size();
    for (const size_t at : now)
      if (states_[at].kind == State::Kind::done && (!whole || last)) return true;
    if (last) return false;
    std::vector<size_t> then;
    in.assign(states_.size(), false);
    const bool at_end = i + 1 == text.size();
    for (const size_t at : now)
      if (states_[at].kind == State::Kind::bytes &&
          states_[at].bytes[static_cast<unsigned char>(text[i])])
        follow(then, in, states_[at].next, false, at_end);
    if (!whole) follow(then, in, start_, false, at_end);
    now = std::move(then);
  }
  return false;
}

}  // namespace reconciler
