#include "reconciler/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reconciler {
namespace {

std::string render_placed(const Error& e) {
  std::string out = e.place.line > 0
                        ? fmt::format("{}:{}:{}: error {}: {}\n", e.place.file, e.place.line,
                                      std::max(e.place.column, 1), e.code, e.message)
                        : fmt::format("{}: error {}: {}\n", e.place.file, e.code, e.message);
  if (e.place.line > 0 && !e.place.source.empty()) {
    const auto column = static_cast<size_t>(std::max(e.place.column, 1));
    std::string lead;  // tabs stay tabs, so that the caret stands under its text
    for (size_t i = 0; i + 1 < column; ++i)
      lead += i < e.place.source.size() && e.place.source[i] == '\t' ? '\t' : ' ';
    out += fmt::format("{:>5} | {}\n", e.place.line, e.place.source);
    out += fmt::format("      | {}{}{}{}\n", lead,
                       std::string(static_cast<size_t>(std::max(e.place.width, 1)), '^'),
                       e.hint.empty() ? "" : " ", e.hint);
  } else if (!e.hint.empty()) {
    out += fmt::format("      | {}\n", e.hint);
  }
  for (const auto& fact : e.facts) out += fmt::format("      | {}  {}\n", fact.label, fact.text);
  return out;
}

std::string render_plain(const Error& e) {
  std::string out = fmt::format("error {}: {}\n", e.code, e.message);
  size_t widest = e.hint.empty() ? 0 : 4;
  for (const auto& fact : e.facts) widest = std::max(widest, fact.label.size());
  for (const auto& fact : e.facts)
    out += fmt::format("  {:<{}}  {}\n", fact.label, widest, fact.text);
  if (!e.hint.empty()) out += fmt::format("  {:<{}}  {}\n", "next", widest, e.hint);
  return out;
}

}  // namespace

std::string file_and_line(const Place& place) {
  return place.line > 0 ? fmt::format("{}:{}", place.file, place.line) : place.file;
}

std::vector<Error> flatten(const Error& e) {
  std::vector<Error> all;
  Error first = e;
  first.others.clear();
  all.push_back(std::move(first));
  for (const auto& other : e.others)
    for (auto& inner : flatten(other)) all.push_back(std::move(inner));
  return all;
}

Error gather(std::vector<Error> all) {
  Error first = std::move(all.front());
  for (size_t i = 1; i < all.size(); ++i) first.others.push_back(std::move(all[i]));
  return first;
}

std::string render(const Error& e) {
  std::string out;
  for (const auto& one : flatten(e))
    out += one.place.file.empty() ? render_plain(one) : render_placed(one);
  return out;
}

}  // namespace reconciler
