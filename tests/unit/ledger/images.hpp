// The states in which a cut of power may leave a disk.
#pragma once

#include <functional>
#include <string>

#include "tests/unit/ledger/recorder.hpp"

namespace reconciler::power {

/// What a disk keeps of what was asked of it.
struct Rules {
  bool sync_files = true;    ///< false: a disk that lies about fsync of a file
  bool sync_folders = true;  ///< the same of a folder
};

/// How many of the states are visited.
struct Selection {
  size_t cuts = 400;  ///< places to cut, at most; those around syncs and promises come on top
  size_t first = 1;   ///< of what is not durable
  size_t last = 2;
  size_t drawn = 2;
};

/// One state, and between which of the promises (Op::state) it was cut.
struct Image {
  std::map<std::string, std::string> files;
  std::set<std::string> folders;
  size_t promised = 0;
  size_t in_progress = 0;
  size_t number = 0;
  std::string how;  ///< for people: where it was cut, and what was kept
};

struct Counts {
  size_t images = 0;
  size_t writes = 0;  ///< that were asked for: of bytes, lengths and names
  size_t syncs = 0;
  size_t cuts = 0;
};

/// Visits the states after a cut before, between and after the operations, each state once for what
/// was promised by then.
///
/// A sync of a file makes durable what was written to that file before, and not its name; a sync of
/// a folder the names in it, and not the folder's own. Of what is not durable each operation is
/// there or is not, alone or in any company, and of a write a part may be there. As not all subsets
/// can be had, it is: all, none; for the first and the last few of what is not durable: all up to
/// it, it alone, all but it; the last write torn in the middle and at the first and the last border
/// of a sector, with and without the rest; and some that a number drawn from the place of the cut
/// decides, torn writes among them. Where there are too many places to cut, it is those around
/// syncs and promises, and others evenly spread.
Counts visit_images(const Recorder& life, const Rules& rules, const Selection& selection,
                    const std::function<void(const Image&)>& visit);

/// Puts it into an empty folder; odd ones with shared memory of an earlier time beside the ledger.
void put(const Image& image, const std::string& root);

}  // namespace reconciler::power
