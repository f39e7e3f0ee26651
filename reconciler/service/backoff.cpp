#include "reconciler/service/backoff.hpp"

#include <algorithm>

namespace reconciler {

Duration Backoff::next() {
  using namespace std::chrono_literals;
  const Duration longest =
      std::min<Duration>(Duration(1s) * (std::int64_t{1} << std::min(failures_, 10)), 15min);
  ++failures_;
  return Duration(std::uniform_int_distribution<std::int64_t>(0, longest.count())(random_));
}

}  // namespace reconciler
