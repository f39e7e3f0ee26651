// A person's wish that what is at an environment ends at its next safe point: a file beside the
// environment's lock, with who wishes it. Whoever holds the lock watches for it.
#pragma once

#include <stop_token>
#include <string>
#include <thread>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler {

/// Of one holder of an environment's lock, for as long as it has it. An older wish, which another
/// holder did not live to see, is forgotten at its beginning, and this one's at its end.
class Cancellation {
 public:
  Cancellation(const std::string& state_dir, const EnvironmentId& id);
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  /// From here on a wish stops token(), one that is there already at once; on a thread of its own.
  /// Where the system lets nothing be watched, nothing can be cancelled. Once is enough.
  void watch();
  std::stop_token token() const { return wished_.get_token(); }
  /// Who wished it; empty: nobody.
  std::string by() const;

 private:
  void listen();

  std::string path_;
  Descriptor changes_;  // inotify
  Descriptor end_;      // eventfd
  std::stop_source wished_;
  std::jthread thread_;
};

/// The wish. Nobody hears it where nobody holds the lock.
Status cancel(const std::string& state_dir, const EnvironmentId& id, const std::string& who);

}  // namespace reconciler
