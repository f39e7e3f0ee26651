// A driver under test, with enough of a world around it that the suite can ask the same of every
// one: what it may be asked to prepare, how to disturb what it made, what must not change.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "reconciler/driver/driver.hpp"

namespace reconciler::conformance {

class Subject {
 public:
  virtual ~Subject() = default;
  virtual Driver& driver() = 0;
  /// A request that it takes.
  virtual Request good() = 0;
  /// A request with this many mistakes, and the codes that they must have, in order.
  virtual Request bad() = 0;
  virtual std::vector<std::string> codes() = 0;
  virtual Variables variables() { return {}; }
  virtual Memory memory() { return {}; }
  /// Changes something that the driver observes; false when it observes nothing.
  virtual bool disturb() = 0;
  /// Everything on the host that the driver may touch, as text: equal when nothing changed.
  virtual std::string snapshot() = 0;
};

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Subject>()> make;
};
inline void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

/// Every driver of this tree, in this process and in one of its own.
std::vector<Kind> kinds();

}  // namespace reconciler::conformance
