#include "reconciler/manifest/shapes.hpp"

#include <fmt/format.h>

namespace reconciler::shapes {
namespace {

std::string any_of(const std::vector<std::string>& words) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

}  // namespace

const Shape& text() {
  static const Shape shape{.wanted = "text", .scalar = Shape::Scalar::text};
  return shape;
}

const Shape& texts() {
  static const Shape shape{
      .wanted = "text or a list of text", .scalar = Shape::Scalar::text, .items = &text()};
  return shape;
}

const Shape& text_list() {
  static const Shape shape{.wanted = "a list of text", .items = &text()};
  return shape;
}

const Shape& text_map() {
  static const Shape shape{.wanted = "names, each with its text", .values = &text()};
  return shape;
}

const Shape& truth() {
  static const Shape shape{.wanted = "true or false", .scalar = Shape::Scalar::truth};
  return shape;
}

const Shape& duration() {
  static const Shape shape{.wanted = "a duration such as 30s, 30m or 30h",
                           .scalar = Shape::Scalar::duration};
  return shape;
}

Shape integer(std::int64_t least, std::int64_t most, std::vector<std::string> words) {
  Shape shape;
  shape.wanted = fmt::format("a whole number from {} to {}", least, most);
  if (!words.empty()) shape.wanted += " or " + any_of(words);
  shape.scalar = Shape::Scalar::integer;
  shape.words = std::move(words);
  shape.least = least;
  shape.most = most;
  return shape;
}

Shape word(std::vector<std::string> words, std::vector<std::string> later) {
  Shape shape;
  shape.wanted = any_of(words);
  shape.scalar = Shape::Scalar::word;
  shape.words = std::move(words);
  shape.later_words = std::move(later);
  return shape;
}

Shape list_of(const Shape& items, std::string wanted) {
  Shape shape;
  shape.wanted = std::move(wanted);
  shape.items = &items;
  return shape;
}

Shape map_of(const Shape& values, std::string wanted) {
  Shape shape;
  shape.wanted = std::move(wanted);
  shape.values = &values;
  return shape;
}

Shape keys(std::vector<Key> keys, std::string wanted, std::string noun) {
  Shape shape;
  shape.wanted = std::move(wanted);
  shape.keys = std::move(keys);
  shape.noun = std::move(noun);
  return shape;
}

}  // namespace reconciler::shapes
