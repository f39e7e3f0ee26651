// Result<T>: a value or an Error. Exceptions stay inside adapters of third-party libraries.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "reconciler/base/error.hpp"

namespace reconciler {

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// `return failure(error("tag.empty", "..."));`
inline tl::unexpected<Error> failure(Error e) {
  return tl::unexpected<Error>(std::move(e));
}

/// Hands a failed result's error on: `if (!r) return failed(r);`
template <class T>
tl::unexpected<Error> failed(Result<T>& r) {
  return tl::unexpected<Error>(std::move(r.error()));
}

}  // namespace reconciler
