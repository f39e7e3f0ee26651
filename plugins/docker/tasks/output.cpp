#include "plugins/docker/tasks/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "plugins/docker/client/lines.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t kept_lines = 20;

}  // namespace

bool says_something(std::string_view line) {
  return std::ranges::any_of(line,
                             [](unsigned char c) { return c >= 0x80 || std::isalnum(c) != 0; });
}

Output::Output(const Json& input, const Variables& variables, Progress& progress)
    : progress_(progress), wanted_lines_(number_at(input, "lines", -1)) {
  expected_ = text_at(input, "contains");
  // steps_of has refused what cannot be filled in or is no expression.
  if (auto filled = fill(text_at(input, "contains"), lookup_in(variables)))
    contains_ = filled->reveal();
  if (const auto forbid = text_at(input, "forbid"); !forbid.empty())
    if (auto compiled = Expression::compile(forbid)) forbid_ = std::move(*compiled);
}

void Output::add(std::string_view line) {
  progress_.line(printable(line, line.size()));
  auto text = printable(line);
  if (!contains_.empty() && line.find(contains_) != std::string_view::npos) found_ = true;
  if (forbid_ && forbidden_.empty() && forbid_->found_in(line.substr(0, Expression::longest_text)))
    forbidden_ = text;
  ++total_;
  if (line.size() > LineReader::longest_line) ++cut_;
  kept_.push_back(std::move(text));
  if (kept_.size() > kept_lines) kept_.pop_front();
}

std::string Output::unmet() const {
  if (!forbidden_.empty()) return "forbidden: " + forbidden_;
  if (!contains_.empty() && !found_)
    return fmt::format("\"{}\" is not in {}{}{}", printable(expected_, 100), count(total_, "line"),
                       cut_ == 0 ? ""
                                 : fmt::format(" ({} longer than {} KiB, and read that far)", cut_,
                                               LineReader::longest_line >> 10U),
                       last().empty() ? "" : ", the last: " + last());
  if (wanted_lines_ >= 0 && static_cast<std::int64_t>(total_) != wanted_lines_)
    return fmt::format("{}, wanted {}", count(total_, "line"), wanted_lines_);
  return "";
}

std::string Output::last() const {
  for (auto line = kept_.rbegin(); line != kept_.rend(); ++line)
    if (says_something(*line)) return std::string(trim(*line));
  return "";
}

JsonObject Output::evidence(std::int64_t exit_code) const {
  JsonArray lines;
  for (const auto& line : kept_) lines.emplace_back(line);
  return {{"exit_code", exit_code}, {"lines", std::move(lines)}, {"detail", last()}};
}

}  // namespace reconciler::docker
