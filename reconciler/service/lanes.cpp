#include "reconciler/service/lanes.hpp"

#include <algorithm>
#include <system_error>

namespace reconciler {

Lanes::~Lanes() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (auto& lane : lanes_) lane.thread.join();
}

size_t Lanes::working() const {
  return static_cast<size_t>(
      std::ranges::count_if(lanes_, [](const Lane& lane) { return bool{lane.work}; }));
}

bool Lanes::free() const {
  const std::lock_guard lock(mutex_);
  return working() < limits_.most;
}

void Lanes::forget_ended() {
  std::list<Lane> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
      const auto next = std::next(lane);
      if (lane->over) ended.splice(ended.end(), lanes_, lane);
      lane = next;
    }
  }
}

Status Lanes::begin(Work work) {
  forget_ended();
  {
    const std::lock_guard lock(mutex_);
    if (working() >= limits_.most)
      return failure(error("lane.none", "as much as may be is at work already").passing());
    const auto idle =
        std::ranges::find_if(lanes_, [](const Lane& lane) { return !lane.work && !lane.over; });
    if (idle != lanes_.end()) {
      idle->work = std::move(work);
      changed_.notify_all();
      return {};
    }
  }
  auto drivers = make_();
  if (!drivers) return failed(drivers);
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_.emplace_back();
  lane.drivers = std::move(*drivers);
  lane.work = std::move(work);
  try {
    lane.thread = std::jthread([this, &lane] { run(lane); });
  } catch (const std::system_error& e) {
    lanes_.pop_back();
    return failure(
        error("lane.none", std::string("the system gives no thread: ") + e.what()).passing());
  }
  return {};
}

void Lanes::run(Lane& lane) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return lane.work || ending_; });
    if (!lane.work) return;
    lock.unlock();
    lane.work(*lane.drivers);
    lock.lock();
    lane.work = nullptr;
    const auto idle =
        std::ranges::count_if(lanes_, [](const Lane& one) { return !one.work && !one.over; });
    lane.over = static_cast<size_t>(idle) > limits_.kept;
    changed_.notify_all();
    const auto drivers = lane.over ? std::move(lane.drivers) : nullptr;
    lock.unlock();
    idle_();
    if (drivers) return;
    lock.lock();
  }
}

void Lanes::quiet() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return working() == 0; });
}

}  // namespace reconciler
