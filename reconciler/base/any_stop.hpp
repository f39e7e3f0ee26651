// Several stops as one.
#pragma once

#include <functional>
#include <initializer_list>
#include <list>
#include <stop_token>

namespace reconciler {

/// Asked for as soon as one of those that it was made of is. The token outlives the object, which
/// must be there for as long as it is to hear of them.
class AnyStop {
 public:
  AnyStop(std::initializer_list<std::stop_token> stops) {
    for (const auto& one : stops)
      if (one.stop_possible()) heard_.emplace_back(one, [this] { source_.request_stop(); });
  }
  AnyStop(const AnyStop&) = delete;
  AnyStop& operator=(const AnyStop&) = delete;
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::list<std::stop_callback<std::function<void()>>> heard_;
};

}  // namespace reconciler
