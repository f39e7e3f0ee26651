// A value from a secret source. It cannot be printed, formatted, logged or compared by accident:
// the operators that would do so do not exist. Whoever needs the text says so by calling reveal().
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "reconciler/base/digest.hpp"

namespace reconciler {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret() { wipe(); }

  /// The text itself. Grep for this word to find every place that can leak.
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  /// What may be stored and compared instead of the value.
  std::string digest(std::string_view key) const { return keyed_digest(key, value_); }

  friend bool operator==(const Secret&, const Secret&) = delete;
  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  void wipe();
  std::string value_;
};

}  // namespace reconciler
