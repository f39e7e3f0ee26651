#include "reconciler/service/wake.hpp"

#include "reconciler/base/any_stop.hpp"

namespace reconciler {

void Wake::operator()() {
  const std::lock_guard lock(mutex_);
  woken_.request_stop();
}

void Wake::wait(Clock& clock, Instant until, const std::stop_token& stop) {
  std::stop_token woken;
  {
    const std::lock_guard lock(mutex_);
    woken = woken_.get_token();
  }
  const AnyStop either{woken, stop};
  clock.wait_until(until, either.token());
  const std::lock_guard lock(mutex_);
  if (woken_.stop_requested()) woken_ = std::stop_source();
}

}  // namespace reconciler
