#include "reconciler/base/duration.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace reconciler {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr DurationUnit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::int64_t longest = 365LL * 86'400'000;

Error no_duration(std::string_view text, std::string_view why, std::string hint) {
  return error("duration.invalid", fmt::format("\"{}\" {}", text, why)).next(std::move(hint));
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const std::string usual = "write 30s, 30m or 30h";
  if (text.empty()) return failure(no_duration(text, "is no duration", usual));
  std::int64_t total = 0;
  size_t i = 0;
  while (i < text.size()) {
    const size_t number_at = i;
    std::int64_t number = 0;
    while (i < text.size() && digit(text[i])) {
      if (number > longest) return failure(no_duration(text, "is longer than 365d", usual));
      number = number * 10 + (text[i++] - '0');
    }
    if (i == number_at) return failure(no_duration(text, "is no duration", usual));
    const size_t unit_at = i;
    while (i < text.size() && !digit(text[i])) ++i;
    const auto name = text.substr(unit_at, i - unit_at);
    if (name.empty())
      return failure(
          no_duration(text, "has no unit", fmt::format("write {0}s, {0}m or {0}h", number)));
    const DurationUnit* unit = nullptr;
    for (const auto& known : duration_units)
      if (known.name == name) unit = &known;
    if (!unit) return failure(no_duration(text, "is no duration", usual));
    if (number > longest / unit->milliseconds)
      return failure(no_duration(text, "is longer than 365d", usual));
    total += number * unit->milliseconds;
  }
  if (total > longest) return failure(no_duration(text, "is longer than 365d", usual));
  return Duration(total);
}

}  // namespace reconciler
