// The same work for many things at a time.
#pragma once

#include <cstddef>
#include <functional>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// Does `work` for 0..n-1 over at most `lanes` threads, the caller's among them, and returns when
/// all are through; with fewer where the system gives no more. After an error nothing more is taken
/// up; it is the first one that is returned.
/// `work` must stand being called from several threads; it does not throw.
Status in_parallel(size_t lanes, size_t n, const std::function<Status(size_t)>& work);

/// The same for work that cannot fail, over as many threads as the machine has processors, and at
/// most eight.
void compute_in_parallel(size_t n, const std::function<void(size_t)>& work);

}  // namespace reconciler
