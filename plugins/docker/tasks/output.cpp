#include "plugins/docker/tasks/output.hpp"

#include <fmt/format.h>

#include <regex>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t kept_lines = 20;
constexpr size_t longest_matched = 4096;  // std::regex recurses: a longer line is matched in part

bool matches(std::string_view line, std::string expression) {
  auto flags = std::regex::ECMAScript;
  if (expression.starts_with("(?i)")) {
    expression.erase(0, 4);
    flags |= std::regex::icase;
  }
  try {
    const std::string part(line.substr(0, longest_matched));
    return std::regex_search(part, std::regex(expression, flags));
  } catch (const std::regex_error&) {
    return false;  // steps_of has refused those
  }
}

}  // namespace

Output::Output(const Json& input, const Variables& variables, Progress& progress)
    : progress_(progress),
      contains_(fill_in(text_at(input, "contains"), variables)),
      forbid_(text_at(input, "forbid")),
      wanted_lines_(number_at(input, "lines", -1)) {}

void Output::add(std::string_view line) {
  auto text = printable(line);
  progress_.line(text);
  if (!contains_.empty() && line.find(contains_) != std::string_view::npos) found_ = true;
  if (!forbid_.empty() && forbidden_.empty() && matches(line, forbid_)) forbidden_ = text;
  ++total_;
  kept_.push_back(std::move(text));
  if (kept_.size() > kept_lines) kept_.pop_front();
}

std::string Output::unmet() const {
  if (!forbidden_.empty()) return "forbidden: " + forbidden_;
  if (!contains_.empty() && !found_)
    return fmt::format("what was expected is not in {}", count(total_, "line"));
  if (wanted_lines_ >= 0 && static_cast<std::int64_t>(total_) != wanted_lines_)
    return fmt::format("{}, wanted {}", count(total_, "line"), wanted_lines_);
  return "";
}

std::string Output::last() const {
  for (auto line = kept_.rbegin(); line != kept_.rend(); ++line)
    if (!trim(*line).empty()) return std::string(trim(*line));
  return "";
}

JsonObject Output::evidence(std::int64_t exit_code) const {
  JsonArray lines;
  for (const auto& line : kept_) lines.emplace_back(line);
  return {{"exit_code", exit_code}, {"lines", std::move(lines)}, {"detail", last()}};
}

std::string fill_in(std::string_view text, const Variables& variables) {
  std::string out;
  while (!text.empty()) {
    const auto begin = text.find("${");
    const auto end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) break;
    out += text.substr(0, begin);
    const auto found = variables.find(std::string(text.substr(begin + 2, end - begin - 2)));
    if (found != variables.end()) out += found->second.value.reveal();
    text.remove_prefix(end + 1);
  }
  out += text;
  return out;
}

}  // namespace reconciler::docker
