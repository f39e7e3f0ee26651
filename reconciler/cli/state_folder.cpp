#include "reconciler/cli/state_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/ledger/identity.hpp"

namespace reconciler::cli {

Status check_state_folder(const std::string& state) {
  struct stat about {};
  if (::lstat(state.c_str(), &about) == 0 || errno != ENOENT) return ours_alone(state, true);
  // One folder is made, no more: of a path that is mistyped most is missing.
  const std::string above = state.substr(0, state.rfind('/'));
  if (above.empty() || is_folder(above)) return {};
  return failure(
      error("state.no_folder", fmt::format("there is no folder {} to make {} in", above,
                                           state.substr(above.size() + 1)))
          .next(fmt::format("mkdir -p {}; or name another --state-dir", shell_word(above))));
}

}  // namespace reconciler::cli
