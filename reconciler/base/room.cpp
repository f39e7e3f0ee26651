#include "reconciler/base/room.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "reconciler/base/size.hpp"

namespace reconciler {
std::string room_missing(const std::string& path, std::int64_t wanted) {
  struct statvfs about {};
  std::string at = path;
  while (::statvfs(at.c_str(), &about) != 0) {
    const auto slash = at.rfind('/');
    if (slash == std::string::npos || at == "/") return "its disk cannot be asked what is free";
    at.resize(slash == 0 ? 1 : slash);
  }
  std::string text = wanted > 0 ? size_for_people(wanted) + " to write, " : "";
  text += size_for_people(static_cast<std::int64_t>(about.f_bavail * about.f_frsize)) + " free";
  if (about.f_files > 0 && about.f_favail == 0)
    text += fmt::format(", and all of its {} files are used", about.f_files);
  return text;
}

}  // namespace reconciler
