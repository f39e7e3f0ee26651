#include "reconciler/service/watch.hpp"

#include <fmt/format.h>

#include <system_error>

#include "reconciler/service/backoff.hpp"

namespace reconciler {
namespace {

constexpr Duration longest_wait{std::chrono::seconds(30)};

}  // namespace

Watch::Watch(const Drivers& drivers, Hear hear, Clock& clock, Log& log)
    : hear_(std::move(hear)), clock_(clock), log_(log) {
  for (Driver* driver : drivers.all()) try {
      threads_.emplace_back([this, driver](const std::stop_token& stop) { listen(*driver, stop); });
    } catch (const std::system_error& e) {
      log_.warn(fmt::format("nothing is heard of {}: {}", driver->describe().name, e.what()));
    }
}

void Watch::listen(Driver& driver, const std::stop_token& stop) {
  const std::string name = driver.describe().name;
  Backoff backoff(std::hash<std::string>{}(name));
  bool cut_off = false;
  while (!stop.stop_requested()) {
    const auto hear = [&](const Heard& what) {
      if (cut_off) log_.info(fmt::format("{}: heard again", name));
      cut_off = false;
      backoff.reset();
      hear_(what);
    };
    auto ended = driver.watch(hear, stop);
    if (ended) return;
    if (!cut_off && !stop.stop_requested())
      log_.warn(fmt::format("{}: {}: {}; looks on by the clock until it is heard again", name,
                            ended.error().code, ended.error().message));
    cut_off = true;
    clock_.wait_until(clock_.now() + std::min(backoff.next(), longest_wait), stop);
  }
}

}  // namespace reconciler
