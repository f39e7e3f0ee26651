#include "reconciler/cli/error_text.hpp"

#include <fmt/format.h>

#include "reconciler/cli/columns.hpp"

namespace reconciler::cli {
namespace {

constexpr std::string_view lead = "error ";

std::string plain(const Error& e, const Page& page) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& fact : e.facts) rows.push_back({fact.label, fact.text});
  if (!e.hint.empty()) rows.push_back({"next", e.hint});
  return fmt::format("{}{}\n", lead,
                     wrapped(fmt::format("{}: {}", e.code, e.message), lead.size(), page)) +
         table(rows, 2, page);
}

}  // namespace

std::string render(const Error& e, const Page& page) {
  std::string out;
  for (const auto& one : flatten(e))
    out += one.place.file.empty() ? plain(one, page) : reconciler::render(one);
  return out;
}

}  // namespace reconciler::cli
