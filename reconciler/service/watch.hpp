// Hears what drivers have to tell, each on a thread of its own, for as long as it is there.
#pragma once

#include <functional>
#include <list>
#include <thread>

#include "reconciler/base/log.hpp"
#include "reconciler/driver/registry.hpp"

namespace reconciler {

/// Who was cut off is called again, after a wait that grows while it is cut off at once. What it is
/// given outlives it; its end stops the drivers.
class Watch {
 public:
  using Hear = std::function<void(const Heard&)>;  ///< called from several threads
  Watch(const Drivers& drivers, Hear hear, Clock& clock, Log& log);

 private:
  void listen(Driver& driver, const std::stop_token& stop);
  Hear hear_;
  Clock& clock_;
  Log& log_;
  std::list<std::jthread> threads_;
};

}  // namespace reconciler
