#include "reconciler/manifest/scalar_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reconciler/base/text.hpp"
#include "reconciler/manifest/document.hpp"

namespace reconciler {
namespace {

Value* scalar_at(Value& value, const Place& place) {
  if (value.is(Value::Kind::scalar) && value.spot.line == place.line &&
      value.spot.column == place.column)
    return &value;
  for (auto& member : value.members)
    if (Value* found = scalar_at(member.value, place)) return found;
  for (auto& item : value.items)
    if (Value* found = scalar_at(item, place)) return found;
  return nullptr;
}

/// The byte at which a place begins; the end of the text where there is no such place.
size_t offset_of(std::string_view text, const Place& place) {
  size_t at = 0;
  for (int line = 1; line < place.line && at < text.size(); ++line)
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  for (int column = 1; column < place.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  }
  return at;
}

/// The bytes that a scalar was written with, where it is plain, or in quotes, on one line, and says
/// no more than what stands there.
std::string_view written(std::string_view from, const Value& scalar) {
  const std::string_view text = scalar.text;
  if (!scalar.quoted) return from.starts_with(text) ? from.substr(0, text.size()) : "";
  const bool quotes = from.size() > text.size() + 1 && (from[0] == '"' || from[0] == '\'') &&
                      from.substr(1).starts_with(text) && from[text.size() + 1] == from[0];
  return quotes ? from.substr(0, text.size() + 2) : "";
}

bool same_value(const Value& one, const Value& other) {
  return one.kind == other.kind && one.text == other.text &&
         std::ranges::equal(one.items, other.items, same_value) &&
         std::ranges::equal(one.members, other.members, [](const Member& a, const Member& b) {
           return a.key == b.key && same_value(a.value, b.value);
         });
}

}  // namespace

Result<std::string> replace_scalar(const std::string& file, std::string_view text,
                                   const Place& place, const std::string& value) {
  auto document = parse_document(file, text);
  if (!document) return failed(document);
  Value* scalar = scalar_at(*document, place);
  if (!scalar)
    return failure(error("edit.no_scalar", "no value begins here that could be written anew")
                       .at(place)
                       .next("edit the file by hand"));
  const size_t at = offset_of(text, place);
  const std::string_view before = written(text.substr(at), *scalar);
  const std::string said = std::exchange(scalar->text, value);
  const std::string quote =
      scalar->quoted && !before.empty() ? std::string(1, before.front()) : std::string();
  // What a plain scalar cannot say (`null`, `~`) is put into quotes.
  for (const auto& around : {quote, std::string("\"")}) {
    if (before.empty()) break;
    std::string edited = fmt::format("{}{}{}{}{}", text.substr(0, at), around, value, around,
                                     text.substr(at + before.size()));
    const auto again = parse_document(file, edited);
    if (again && same_value(*document, *again)) return edited;
  }
  return failure(error("edit.unusual", fmt::format("\"{}\" is not written as it reads, on one line",
                                                   printable(said, 60)))
                     .at(place)
                     .next("edit the file by hand"));
}

}  // namespace reconciler
