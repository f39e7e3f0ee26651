#include "reconciler/manifest/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "reconciler/base/duration.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

std::string shown(std::string_view text) {
  return fmt::format("\"{}\"", printable(text, 60));
}

class Checker {
 public:
  explicit Checker(std::vector<Error>& mistakes) : mistakes_(mistakes) {}

  void value(const Value& node, const Shape& shape, const std::string& path, Nulls nulls) {
    switch (node.kind) {
      case Value::Kind::null:
        if (nulls == Nulls::refused)
          wrong_type(node, path, "has no value", fmt::format("write {}", shape.wanted));
        return;
      case Value::Kind::scalar:
        return scalar(node, shape, path);
      case Value::Kind::list:
        if (!shape.items) return wrong_kind(node, shape, path, "a list");
        for (const auto& item : node.items) value(item, *shape.items, path, Nulls::refused);
        return;
      case Value::Kind::map:
        if (shape.values) return names(node, shape, path, nulls);
        if (shape.keys.empty()) return wrong_kind(node, shape, path, "keys and values");
        return members(node, shape, path, nulls);
    }
  }

 private:
  bool enough() const { return mistakes_.size() >= most_mistakes; }

  void note(std::string code, std::string message, const Spot& where, std::string hint = "") {
    if (enough()) return;
    mistakes_.push_back(
        error(std::move(code), std::move(message)).at(where.place()).next(std::move(hint)));
  }

  void wrong_type(const Value& node, const std::string& path, const std::string& is,
                  std::string hint) {
    note("manifest.type", fmt::format("{} {}", path.empty() ? "the document" : path, is), node.spot,
         std::move(hint));
  }

  void wrong_kind(const Value& node, const Shape& shape, const std::string& path,
                  std::string_view is) {
    wrong_type(node, path, fmt::format("is {}, and wants {}", is, shape.wanted), "");
  }

  void scalar(const Value& node, const Shape& shape, const std::string& path) {
    using Scalar = Shape::Scalar;
    switch (shape.scalar) {
      case Scalar::none:
        return wrong_kind(node, shape, path, fmt::format("the text {}", shown(node.text)));
      case Scalar::text:
        return;
      case Scalar::word:
        return word(node, shape, path);
      case Scalar::integer:
        return integer(node, shape, path);
      case Scalar::truth:
        if (node.quoted || (node.text != "true" && node.text != "false"))
          wrong_type(node, path, fmt::format("is {}, and wants true or false", as_written(node)),
                     truth_hint(node.text));
        return;
      case Scalar::duration:
        if (const auto duration = parse_duration(node.text); !duration)
          note(duration.error().code, duration.error().message, node.spot, duration.error().hint);
        return;
    }
  }

  static std::string as_written(const Value& node) {
    return node.quoted ? fmt::format("the text {}", shown(node.text)) : printable(node.text, 60);
  }

  static std::string truth_hint(std::string_view text) {
    if (text == "yes" || text == "on" || text == "True" || text == "1" || text == "true")
      return "write true";
    if (text == "no" || text == "off" || text == "False" || text == "0" || text == "false")
      return "write false";
    return "";
  }

  void word(const Value& node, const Shape& shape, const std::string& path) {
    if (std::ranges::find(shape.words, node.text) == shape.words.end()) {
      const auto near = nearest(node.text, shape.words);
      return wrong_type(node, path,
                        fmt::format("is {}, and wants {}", shown(node.text), shape.wanted),
                        near ? fmt::format("did you mean \"{}\"?", *near) : "");
    }
    if (std::ranges::find(shape.later_words, node.text) != shape.later_words.end())
      note("manifest.not_yet",
           fmt::format("{}: {} is not done by this version yet", path, node.text), node.spot,
           "take it out until it is");
  }

  void integer(const Value& node, const Shape& shape, const std::string& path) {
    if (std::ranges::find(shape.words, node.text) != shape.words.end()) return;
    const std::string_view text = node.text;
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    const bool number = !node.quoted && !digits.empty() &&
                        std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }) &&
                        (digits.size() == 1 || digits.front() != '0');
    if (!number) {
      const auto near = nearest(text, shape.words);
      return wrong_type(node, path,
                        fmt::format("is {}, and wants {}", as_written(node), shape.wanted),
                        near ? fmt::format("did you mean \"{}\"?", *near) : "");
    }
    std::int64_t parsed = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (read.ec != std::errc{} || parsed < shape.least || parsed > shape.most)
      note("number.range",
           fmt::format("{} is {}, and wants {}", path, printable(text, 60), shape.wanted),
           node.spot);
  }

  void names(const Value& node, const Shape& shape, const std::string& path, Nulls nulls) {
    for (const auto& member : node.members) {
      const bool layer = shape.values == &environment_shape();
      const std::string inner =
          layer ? member.key : fmt::format("{}.{}", path, printable(member.key, 60));
      value(member.value, *shape.values, inner, layer ? Nulls::take_away : nulls);
    }
  }

  void members(const Value& node, const Shape& shape, const std::string& path, Nulls nulls) {
    const bool named = !shape.noun.empty();
    for (const auto& member : node.members) {
      const Key* key = nullptr;
      for (const auto& one : shape.keys)
        if (one.name == member.key) key = &one;
      if (enough()) return;
      if (!key) {
        unknown_key(member, shape, named ? shape.noun : path);
        continue;
      }
      const std::string inner = named ? key->name : fmt::format("{}.{}", path, key->name);
      if (key->state == Key::State::not_yet && does_something(member.value, *key))
        note("manifest.not_yet", fmt::format("{} is not done by this version yet", inner),
             member.spot, "take it out until it is");
      value(member.value, *key->shape, inner, key->stays ? Nulls::refused : nulls);
    }
  }

  static bool does_something(const Value& node, const Key& key) {
    switch (node.kind) {
      case Value::Kind::null:
        return false;
      case Value::Kind::scalar:
        return node.text != key.fallback;
      case Value::Kind::list:
        return !node.items.empty();
      case Value::Kind::map:
        return !node.members.empty();
    }
    return true;
  }

  void unknown_key(const Member& member, const Shape& shape, const std::string& owner) {
    if (member.key == "version" && &shape == &manifest_shape()) {
      note("manifest.version",
           fmt::format("a manifest has no version, and {} is not known",
                       member.value.text.empty() ? "this one" : shown(member.value.text)),
           member.spot, "take the line out");
      return;
    }
    note("manifest.unknown_key", fmt::format("{} has no key {}", owner, shown(member.key)),
         member.spot, key_hint(member.key, shape));
  }

  static std::string key_hint(const std::string& key, const Shape& shape) {
    const auto has = [&](const Shape& other) {
      return &shape != &other &&
             std::ranges::any_of(other.keys, [&](const Key& one) { return one.name == key; });
    };
    if (&shape == &manifest_shape() && has(environment_shape()))
      return "it belongs to an environment, under `environments` or in environments/NAME.yaml";
    if (&shape == &environment_shape() && has(manifest_shape()))
      return "it belongs to reconciler.yaml";
    std::vector<std::string> names;
    for (const auto& one : shape.keys) names.push_back(one.name);
    if (const auto near = nearest(key, names)) return fmt::format("did you mean \"{}\"?", *near);
    return "";
  }

  std::vector<Error>& mistakes_;
};

}  // namespace

std::vector<Error> check(const Value& document, const Shape& shape, Nulls nulls) {
  std::vector<Error> mistakes;
  Checker(mistakes).value(document, shape, "", nulls);
  return mistakes;
}

std::vector<Error> tidy(std::vector<Error> mistakes) {
  const auto position = [](const Error& e) {
    return std::tie(e.place.file, e.place.line, e.place.column);
  };
  std::ranges::stable_sort(mistakes, {}, position);
  const auto same = [&](const Error& a, const Error& b) {
    return a.place.line > 0 && position(a) == position(b);
  };
  mistakes.erase(std::unique(mistakes.begin(), mistakes.end(), same), mistakes.end());
  return mistakes;
}

std::int64_t number_of(const Value& scalar) {
  std::int64_t out = 0;
  std::from_chars(scalar.text.data(), scalar.text.data() + scalar.text.size(), out);
  return out;
}

}  // namespace reconciler
