#include "reconciler/base/size.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace reconciler {
namespace {

struct SizeUnit {
  std::string_view name;
  std::int64_t bytes;
};
constexpr SizeUnit size_units[] = {{"MB", 1'000'000},         {"GB", 1'000'000'000},
                                   {"TB", 1'000'000'000'000}, {"MiB", 1LL << 20},
                                   {"GiB", 1LL << 30},        {"TiB", 1LL << 40}};
constexpr std::int64_t most = 1'000'000'000'000'000;

Error no_size(std::string_view text, std::string_view why) {
  return error("size.invalid", fmt::format("\"{}\" {}", text, why)).next("write 500MB or 10GB");
}

}  // namespace

Result<std::int64_t> parse_size(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong == std::errc::result_out_of_range) return failure(no_size(text, "is more than 1000TB"));
  if (wrong != std::errc{} || number < 1) return failure(no_size(text, "is no size"));
  const auto name = text.substr(static_cast<size_t>(end - text.data()));
  if (name.empty()) return failure(no_size(text, "has no unit"));
  for (const auto& unit : size_units) {
    if (unit.name != name) continue;
    if (number > most / unit.bytes) return failure(no_size(text, "is more than 1000TB"));
    return number * unit.bytes;
  }
  return failure(no_size(text, "is no size"));
}

std::string size_for_people(std::int64_t bytes) {
  for (const auto& [name, unit] : {std::pair("TB", 1e12), std::pair("GB", 1e9)})
    if (static_cast<double>(bytes) >= unit)
      return fmt::format("{:.3g} {}", static_cast<double>(bytes) / unit, name);
  if (bytes >= 1'000'000) return fmt::format("{:.3g} MB", static_cast<double>(bytes) / 1e6);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  return fmt::format("{:.3g} kB", static_cast<double>(bytes) / 1e3);
}

}  // namespace reconciler
