#include "tests/simulation/disk.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::simulation {

/// SQLite allocates it, with room for the real one behind.
struct Disk::File {
  sqlite3_file base;
  Disk* disk;
  Kept* kept;  ///< none: a temporary file, which nobody misses
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

/// What SQLite calls.
struct Calls {
  static Disk::File* of(sqlite3_file* file) { return reinterpret_cast<Disk::File*>(file); }
  static const sqlite3_io_methods* under(sqlite3_file* file) { return of(file)->real()->pMethods; }
  static Disk* of(sqlite3_vfs* vfs) { return static_cast<Disk*>(vfs->pAppData); }

  static int close(sqlite3_file* file) { return under(file)->xClose(of(file)->real()); }
  static int read(sqlite3_file* file, void* into, int n, sqlite3_int64 at) {
    if (of(file)->disk->life_->dead()) return SQLITE_IOERR_READ;
    return under(file)->xRead(of(file)->real(), into, n, at);
  }
  static int write(sqlite3_file* file, const void* from, int n, sqlite3_int64 at) {
    if (!of(file)->disk->life_->cross()) return SQLITE_IOERR_WRITE;
    if (of(file)->disk->is_full()) return SQLITE_FULL;
    const int done = under(file)->xWrite(of(file)->real(), from, n, at);
    if (done == SQLITE_OK && of(file)->kept)
      of(file)->kept->since.push_back(
          {at, std::string(static_cast<const char*>(from), static_cast<size_t>(n)), false});
    return done;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (!of(file)->disk->life_->cross()) return SQLITE_IOERR_TRUNCATE;
    const int done = under(file)->xTruncate(of(file)->real(), size);
    if (done == SQLITE_OK && of(file)->kept) of(file)->kept->since.push_back({size, "", true});
    return done;
  }
  static int sync(sqlite3_file* file, int flags) {
    if (!of(file)->disk->life_->cross()) return SQLITE_IOERR_FSYNC;
    if (of(file)->disk->sync_fails_) {
      of(file)->disk->sync_fails_ = false;
      errno = of(file)->disk->number_;
      if (auto* kept = of(file)->kept) kept->since.clear();
      return SQLITE_IOERR_FSYNC;
    }
    if (of(file)->disk->lies_) {
      of(file)->disk->lied_ = true;
      return SQLITE_OK;
    }
    if (auto* kept = of(file)->kept) {
      for (const auto& change : kept->since) Disk::apply(change, kept->synced);
      kept->since.clear();
    }
    return under(file)->xSync(of(file)->real(), flags);
  }
  static int size(sqlite3_file* file, sqlite3_int64* size) {
    return under(file)->xFileSize(of(file)->real(), size);
  }
  static int lock(sqlite3_file* file, int how) { return under(file)->xLock(of(file)->real(), how); }
  static int unlock(sqlite3_file* file, int how) {
    return under(file)->xUnlock(of(file)->real(), how);
  }
  static int reserved(sqlite3_file* file, int* out) {
    return under(file)->xCheckReservedLock(of(file)->real(), out);
  }
  static int control(sqlite3_file* file, int what, void* with) {
    return under(file)->xFileControl(of(file)->real(), what, with);
  }
  static int sector(sqlite3_file* file) { return under(file)->xSectorSize(of(file)->real()); }
  static int characteristics(sqlite3_file* file) {
    return under(file)->xDeviceCharacteristics(of(file)->real());
  }
  static int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    return under(file)->xShmMap(of(file)->real(), region, size, extend, out);
  }
  static int lock_shared(sqlite3_file* file, int at, int n, int flags) {
    return under(file)->xShmLock(of(file)->real(), at, n, flags);
  }
  static void barrier(sqlite3_file* file) { under(file)->xShmBarrier(of(file)->real()); }
  static int unmap_shared(sqlite3_file* file, int remove) {
    return under(file)->xShmUnmap(of(file)->real(), remove);
  }
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* into, int flags,
                  int* out_flags) {
    static constexpr sqlite3_io_methods methods{2,
                                                close,
                                                read,
                                                write,
                                                truncate,
                                                sync,
                                                size,
                                                lock,
                                                unlock,
                                                reserved,
                                                control,
                                                sector,
                                                characteristics,
                                                map_shared,
                                                lock_shared,
                                                barrier,
                                                unmap_shared,
                                                nullptr,
                                                nullptr};
    auto* file = new (into) Disk::File{};
    file->disk = of(vfs);
    file->kept = path ? &file->disk->of(path) : nullptr;
    const int done =
        file->disk->real_->xOpen(file->disk->real_, path, file->real(), flags, out_flags);
    if (file->real()->pMethods) file->base.pMethods = &methods;
    return done;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    if (!of(vfs)->life_->cross()) return SQLITE_IOERR_DELETE;
    of(vfs)->files_.erase(path);
    return of(vfs)->real_->xDelete(of(vfs)->real_, path, sync_folder);
  }
};

Disk::Disk(Life& life)
    : life_(&life),
      name_("simulated-disk-" + to_hex(random_bytes(8))),
      real_(sqlite3_vfs_find(nullptr)) {
  vfs_ = *real_;  // all that is not about files is the real one's
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Calls::open;
  vfs_.xDelete = Calls::remove;
  if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) throw std::runtime_error("SQLite takes no VFS");
}

Disk::~Disk() {
  sqlite3_vfs_unregister(&vfs_);
}

bool Disk::is_full() {
  if (full_for_ == 0) return false;
  --full_for_;
  return true;
}

void Disk::apply(const Change& change, std::string& to) {
  const auto at = static_cast<size_t>(change.at);
  if (change.cut) {
    to.resize(std::min(at, to.size()));
    return;
  }
  if (to.size() < at + change.bytes.size()) to.resize(at + change.bytes.size());
  to.replace(at, change.bytes.size(), change.bytes);
}

Disk::Kept& Disk::of(const std::string& path) {
  const auto [found, is_new] = files_.try_emplace(path);
  if (is_new) found->second.synced = read_file(path).value_or("");
  return found->second;
}

void Disk::lose_power(const std::function<std::uint64_t(std::uint64_t)>& choose) {
  for (auto& [path, kept] : files_) {
    for (auto& change : kept.since) {
      const auto fate = choose(4);  // half of them were written back in time
      if (fate == 0) {
        ++lost_;
        continue;
      }
      if (fate == 1 && !change.cut) {
        ++lost_;
        change.bytes.resize(choose(change.bytes.size() + 1));
      }
      apply(change, kept.synced);
    }
    kept.since.clear();
    lies_ = lied_ = false;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << kept.synced;
    std::filesystem::remove(path + "-shm");
  }
}

}  // namespace reconciler::simulation
