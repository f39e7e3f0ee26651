// The archives that the Engine takes and gives (`/containers/ID/archive`): tar as POSIX has it
// since 1988, with GNU's and pax's long names, small files only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

/// A regular file of an archive.
struct ArchivedFile {
  std::string path;           ///< as the archive has it; in what we write, absolute
  std::uint32_t mode = 0444;  ///< permission bits
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::string content;
  /// The Engine is to hand it to the container's user (`copyUIDGID`): Compose asks for that where
  /// an owner is named. No part of the archive.
  bool to_user = false;
  bool operator==(const ArchivedFile&) const = default;
};

/// One archive of these files, each dated 1970: equal files, equal bytes. A path of more than 100
/// bytes gets a pax header.
std::string write_tar(const std::vector<ArchivedFile>& files);
/// The regular files of an archive; folders and links are left out. `docker.protocol` where it is
/// none, or is cut off.
Result<std::vector<ArchivedFile>> read_tar(std::string_view bytes);

/// For models that are kept: all fields, content as it is.
Json to_json(const ArchivedFile& file);
ArchivedFile archived_file_from(const Json& value);

}  // namespace reconciler::docker
