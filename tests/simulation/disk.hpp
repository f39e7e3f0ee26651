// The disk under the ledger: SQLite's own VFS with a memory of what was synced. It can lose power,
// and then what was not synced is there, is not there, or is torn.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/life.hpp"

namespace reconciler::simulation {

/// Registered with SQLite under `name()` for as long as it lives; every file opened through it must
/// be closed before that. Each write and sync crosses the life, and is refused to the dead.
class Disk {
 public:
  explicit Disk(Life& life);  ///< of the process that writes; not owned
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  const std::string& name() const { return name_; }
  /// Another process writes, from now on.
  void serve(Life& life) { life_ = &life; }
  /// There is no room for the next writes.
  void fill(size_t writes) { full_for_ = writes; }
  /// The next sync fails, and what it was to write is never written though it can be read. The
  /// system's number is `number`, or that of an earlier error where SQLite does not ask.
  void fail_sync(int number = EIO) {
    sync_fails_ = true;
    number_ = number;
  }
  /// From now on a sync succeeds and does nothing, until the power is lost or it is mended.
  void lie() { lies_ = true; }
  /// What was said to be synced would be lost with the power.
  bool lied() const { return lied_; }
  /// There is room again, and syncs succeed; what was not synced still may be.
  void mend() {
    full_for_ = 0;
    sync_fails_ = lies_ = false;
  }
  /// Nothing is open. `choose(n)` is a number below n. Of the writes since a file's last sync each
  /// is kept, dropped or torn; shared memory is gone.
  void lose_power(const std::function<std::uint64_t(std::uint64_t)>& choose);
  /// Nothing would be lost with the power now.
  bool synced() const {
    return std::ranges::all_of(files_, [](const auto& one) { return one.second.since.empty(); });
  }
  /// How many writes were dropped or torn so far.
  size_t lost() const { return lost_; }

 private:
  struct Change {
    std::int64_t at = 0;  ///< of what is written; where `cut`, the new length
    std::string bytes;
    bool cut = false;
  };
  /// One file that outlives who opens it.
  struct Kept {
    std::string synced;
    std::vector<Change> since;
  };
  struct File;
  friend struct Calls;

  static void apply(const Change& change, std::string& to);
  Kept& of(const std::string& path);
  bool is_full();

  Life* life_;
  std::string name_;
  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_;
  std::map<std::string, Kept> files_;
  size_t lost_ = 0;
  size_t full_for_ = 0;
  bool sync_fails_ = false;
  int number_ = 0;
  bool lies_ = false;
  bool lied_ = false;
};

}  // namespace reconciler::simulation
