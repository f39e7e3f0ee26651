#include "reconciler/model/tag.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t longest_tag = 128;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_tag_character(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

// The character at the head of `text` for a message: itself, its name, or its number (letters that
// only look like ASCII would otherwise read as if nothing were wrong).
std::string name_of_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first == ' ') return "a space";
  if (first == '\t') return "a tab";
  if (first == '\n' || first == '\r') return "a line break";
  if (first < 0x20 || first == 0x7f) return fmt::format("the control character 0x{:02x}", first);
  if (first < 0x80) return fmt::format("\"{}\"", text.front());
  const size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0 || text.size() <= more) return fmt::format("the byte 0x{:02x}", first);
  unsigned point = first & (0x3fU >> more);
  for (size_t i = 1; i <= more; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80) return fmt::format("the byte 0x{:02x}", first);
    point = point << 6U | (next & 0x3fU);
  }
  return fmt::format("\"{}\" (U+{:04X}), which is not ASCII", text.substr(0, more + 1), point);
}

tl::unexpected<Error> refuse(std::string_view code, std::string_view tag, std::string_view rule) {
  return failure(
      error(std::string(code), fmt::format("tag \"{}\" {}", printable(tag, longest_tag), rule)));
}

// One run of digits, without a leading zero; what follows it stays in `text`.
bool take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto size = static_cast<size_t>(end - text.begin());
  if (size == 0 || (size > 1 && text.front() == '0')) return false;
  text.remove_prefix(size);
  return true;
}

bool is_semver(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  int numbers = 0;
  for (;;) {
    if (!take_number(tag)) return false;
    ++numbers;
    if (numbers == 3 || !tag.starts_with('.')) break;
    tag.remove_prefix(1);
  }
  if (numbers < 2) return false;  // v1.2 is common enough; a bare number is more likely a commit
  if (tag.empty()) return true;
  return tag.front() == '-' && tag.size() > 1 &&
         std::all_of(tag.begin() + 1, tag.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; });
}

bool is_commit(std::string_view text) {
  return text.size() >= 7 && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

bool is_number(std::string_view text, size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_build(std::string_view tag) {
  const auto parts = split(tag, '-');
  return parts.size() == 3 && parts[0].starts_with('v') && is_commit(parts[0].substr(1)) &&
         is_number(parts[1], 8) && is_number(parts[2], 6);
}

}  // namespace

std::string_view to_text(TagDiscipline discipline) {
  switch (discipline) {
    case TagDiscipline::semver:
      return "semver";
    case TagDiscipline::commit:
      return "commit";
    case TagDiscipline::build:
      return "build";
    case TagDiscipline::any:
      break;
  }
  return "any";
}

Status check_tag(std::string_view tag) {
  if (tag.empty())
    return failure(error("tag.empty", "the tag is empty").next("write the version wanted"));
  const auto wrong = std::find_if_not(tag.begin(), tag.end(), is_tag_character);
  if (wrong != tag.end()) {
    const auto rest = tag.substr(static_cast<size_t>(wrong - tag.begin()));
    auto refused = refuse("tag.invalid", tag,
                          fmt::format("holds {}; a tag is letters, digits, \"_\", \".\" and \"-\"",
                                      name_of_character(rest)));
    if (rest.front() == '/' || rest.front() == '@' || rest.front() == ':')
      refused.value().hint = "write the version alone: the image's name stands in the compose file";
    return refused;
  }
  if (tag.front() == '.' || tag.front() == '-')
    return refuse("tag.invalid", tag,
                  fmt::format("begins with \"{}\"; a tag begins with a letter, a digit or \"_\"",
                              tag.front()));
  if (tag.size() > longest_tag)
    return failure(error(
        "tag.too_long",
        fmt::format("the tag is {} characters long; Docker takes {}", tag.size(), longest_tag)));
  if (tag == "latest")
    return failure(error("tag.mutable_forbidden",
                         "tag \"latest\" names no version: what it means changes by itself")
                       .next("write the version wanted"));
  return {};
}

Status check_tag(std::string_view tag, TagDiscipline discipline) {
  if (auto checked = check_tag(tag); !checked) return checked;
  const auto refuse_form = [&](std::string_view form) {
    auto refused =
        refuse("tag.discipline", tag,
               fmt::format("is not formed as `tags: {}` says: {}", to_text(discipline), form));
    refused.value().hint =
        "write such a tag, or another discipline under source: semver, commit, "
        "build or any";
    return refused;
  };
  switch (discipline) {
    case TagDiscipline::semver:
      if (!is_semver(tag)) return refuse_form("v1.2.3 or 1.2.3, perhaps with -rc.1 behind it");
      break;
    case TagDiscipline::commit:
      if (!is_commit(tag))
        return refuse_form("7 to 40 hexadecimal digits of a commit, in lower case");
      break;
    case TagDiscipline::build:
      if (!is_build(tag)) return refuse_form("vCOMMIT-YYYYMMDD-HHMMSS");
      break;
    case TagDiscipline::any:
      break;
  }
  return {};
}

}  // namespace reconciler
