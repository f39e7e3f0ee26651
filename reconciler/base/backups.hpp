// The backups of one environment: files in a folder of its own, each whole or not there.
//
//   20261128T231757Z-v1.2.3.backup          what the command wrote, of the data that v1.2.3 worked
//   on 20261128T231757Z-v1.2.3.backup.sha256   its checksum, as sha256sum reads it
//   .20261128T231757Z-v1.2.3.backup.partial while it is being written, or what was cut off
//
// The checksum is there before the backup takes its name, so one without is none of ours, and is
// neither counted nor removed. Whoever writes holds the environment's lock.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler {

struct Backup {
  std::string name;  ///< of the file
  WallTime at{};
  std::string tag;         ///< which version's data it is; empty where nothing was deployed
  WallTime written{};      ///< when the clock of that time said so; `at` only grows
  std::uint64_t size = 0;  ///< in bytes
};

/// A file that is named like a backup, and is none.
struct PassedOver {
  std::string name;
  std::string why;   ///< for people: "has no checksum beside it"
  std::string mend;  ///< the command that makes it one; empty where there is none
};

/// One that is being written; thrown away with the object unless it was finished.
class BackupFile {
 public:
  BackupFile(BackupFile&&) = default;
  BackupFile& operator=(BackupFile&&) = delete;
  BackupFile(const BackupFile&) = delete;
  BackupFile& operator=(const BackupFile&) = delete;
  ~BackupFile();
  /// `backup.full`, which says how much is missing; `file.unwritable`. Failpoint backup.write.
  Status add(std::string_view bytes);
  /// Makes it durable and gives it its name. `backup.empty` where nothing was written. Failpoints
  /// backup.named.*.
  Result<Backup> finish();

 private:
  friend class BackupFolder;
  BackupFile(std::string folder, Backup backup, Descriptor fd)
      : folder_(std::move(folder)), backup_(std::move(backup)), fd_(std::move(fd)) {}
  std::string temporary() const;

  std::string folder_;
  Backup backup_;
  Descriptor fd_;
  Sha256 digest_;
};

/// What a file's name says of it: when, and which version's data it is; none where it is no
/// backup's.
std::optional<Backup> backup_called(const std::string& name);

class BackupFolder {
 public:
  /// Nothing is read or made yet.
  explicit BackupFolder(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  /// Newest first; none where there is no folder.
  Result<std::vector<Backup>> list() const;
  /// What the list leaves out though it is named like one, newest first: somebody who brought a
  /// file here without its checksum looks for it.
  Result<std::vector<PassedOver>> passed_over() const;
  /// Begins one that is newer than all that are there, having taken away what was cut off before.
  /// `backup.no_room` where less is free than the newest one has, and a quarter.
  Result<BackupFile> begin(WallTime at, const std::string& tag) const;
  /// Removes all but the `most` newest, and never the newest one. Those among `uncounted` count for
  /// none of them, and those among `needless` only where places are left. Failpoints
  /// backup.removed.*.
  Result<std::vector<Backup>> keep(int most, const std::set<std::string>& uncounted,
                                   const std::set<std::string>& needless) const;
  /// Opened for reading from its beginning, when it is as it was written: `backup.unknown`,
  /// `backup.damaged`.
  Result<Descriptor> open(const std::string& name) const;

 private:
  /// Those named like a backup, newest first, each with why it is none, where it is none.
  struct Named {
    Backup backup;
    PassedOver none;
  };
  Result<std::vector<Named>> named() const;

  std::string path_;
};

}  // namespace reconciler
