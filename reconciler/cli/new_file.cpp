#include "reconciler/cli/new_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::cli {

Status create(const NewFile& file) {
  if (auto point = failpoint("file.new.before"); !point) return point;
  const auto folder = file.path.substr(0, file.path.rfind('/'));
  if (auto made = make_folders(folder, 0755); !made) return made;
  const Descriptor fd(
      ::open(file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.mode));
  if (!fd)
    return failure(error("file.unwritable",
                         fmt::format("cannot write {}: {}", file.path, std::strerror(errno))));
  auto passed = failpoint("file.new.write", [&] {
    (void)!::write(fd.get(), file.content.data(), file.content.size() / 2);
  });
  if (!passed) return passed;
  size_t at = 0;
  while (at < file.content.size()) {
    const ssize_t n = ::write(fd.get(), file.content.data() + at, file.content.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return failure(error("file.unwritable",
                           fmt::format("cannot write {}: {}", file.path, std::strerror(errno))));
    at += static_cast<size_t>(n);
  }
  return failpoint("file.new.after");
}

}  // namespace reconciler::cli
