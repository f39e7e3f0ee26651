// How the program uses OpenSSL.
#pragma once

#include <thread>

namespace reconciler {

/// To be called before the first digest: openssl.cnf is not read. Who only hashes and seals has
/// nothing to learn from it, an engine named there would be loaded into a process of root, and it
/// is some percent of the time of a look that finds nothing. Nor is anything put away at the end:
/// the process goes, and threads that still run must not lose what they use.
void prepare_openssl();

/// Has OpenSSL fetch what digests and sealing need beside the work of the thread that makes it: the
/// first of each takes it a millisecond. Waits for it when it goes.
class AlgorithmsAhead {
 public:
  AlgorithmsAhead();

 private:
  std::jthread thread_;
};

}  // namespace reconciler
