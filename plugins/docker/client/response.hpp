// One HTTP response, parsed by Boost.Beast as its bytes come; the body goes to a callback.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/docker/client/socket.hpp"

namespace reconciler::docker {

/// Where a response's parts go. `body` is called any number of times; returning false ends the
/// exchange with `docker.protocol` (too much).
struct ResponseSink {
  std::function<void()> header = [] {};  ///< status and fields of the Response are there now
  std::function<bool(std::string_view)> body;
};

struct Response {
  int status = 0;
  std::string content_type;
  std::string api_version;  ///< the field `Api-Version`; `/_ping` has it
  bool reusable = false;    ///< the connection may serve another request
  bool begun = false;       ///< at least one byte came
  std::string behind{};     ///< the first bytes behind it, of a connection that was upgraded
};

/// Reads one response into `response`, which says how far it got on errors too. The other side
/// closing early is `docker.unreachable` (may pass), what is no HTTP is `docker.protocol`.
Status read_response(Connection& connection, bool head_only, const ResponseSink& sink,
                     const Waiter& waiter, Response& response);

}  // namespace reconciler::docker
