// Serves an EmptyEngine on a private Unix socket while Compose runs: one thread, one poll loop, all
// connections at once (Compose inspects every image at the same time), everything bounded.
#pragma once

#include <memory>
#include <string>

#include "plugins/docker/compose/empty_engine.hpp"

namespace reconciler::docker {

class RecordingSocket {
 public:
  /// Listens at `path`, in a folder that only this user may enter. The engine must outlive it.
  static Result<std::unique_ptr<RecordingSocket>> listen(const std::string& path,
                                                         EmptyEngine& engine);
  /// Ends the thread: afterwards the engine's record may be read.
  virtual ~RecordingSocket() = default;
};

/// Splits `/v1.41/networks/a%2Fb?x=y` into version-less, decoded parts. Nothing where it is no
/// path.
std::optional<RecordedRequest> parse_target(std::string_view method, std::string_view target);

}  // namespace reconciler::docker
