// What a process does to the files below one folder, as the kernel is asked for it: SQLite and
// replace_file() alike, in one order. Linking recorder.cpp puts it in the place of the C library's
// own open, write, fsync, rename and so on; they do what they always do, and are written down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace reconciler::power {

/// One thing asked of the disk. Names are relative to the recorded folder, which is "".
struct Op {
  enum class Kind { folder, create, rename, remove, write, cut, sync, sync_folder, sync_all, mark };
  Kind kind{};
  std::string name;        ///< of an entry, or of what is synced
  std::string to;          ///< rename's
  int file = 0;            ///< which file, whatever its name is
  std::int64_t at = 0;     ///< write's place; cut's new length
  std::string bytes;       ///< write's
  size_t state = 0;        ///< mark's: what was promised from here on ...
  size_t in_progress = 0;  ///< ... and what may be there as well
};

/// In which an entry stands; empty for the recorded folder itself.
std::string folder_of(const std::string& name);

/// What lies on a disk.
struct Files {
  std::set<std::string> folders;
  std::map<std::string, int> entries;
  std::map<int, std::string> data;

  /// `much` of a write's bytes.
  void apply(const Op& op, size_t much);
  /// Of the entries that can be reached.
  std::map<std::string, std::string> reachable() const;
};

/// Records from its making to its end; one at a time, and in one thread.
class Recorder {
 public:
  explicit Recorder(const std::string& root);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void mark(size_t state, size_t in_progress);
  const Files& before() const { return before_; }
  const std::vector<Op>& ops() const { return ops_; }

 private:
  friend struct Calls;
  std::string root_;
  Files before_;
  std::vector<Op> ops_;
  std::map<std::string, int> named_;
  std::map<int, int> open_;                  ///< descriptor -> file
  std::map<int, std::int64_t> at_;           ///< descriptor -> where write() goes on
  std::map<int, std::string> open_folders_;  ///< descriptor -> folder
  int next_ = 1;
};

}  // namespace reconciler::power
