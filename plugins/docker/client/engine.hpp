// The Docker Engine over its Unix socket: version negotiation, deadlines, bounded answers.
// Thread-safe: a connection is taken from a small pool for each call.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::docker {

/// What came back: any status; `body` parsed where it was one JSON document, else null.
struct Answer {
  int status = 0;
  Json body;
  std::string text;  ///< the bytes, where they were not one JSON document
};

/// What goes through a program that runs in a container: bytes, at the pace of the slower side.
struct ExecPipes {
  /// The next bytes of its standard input, none at its end. Left out: it has no standard input.
  std::function<Result<std::string>()> in{};
  /// Of its standard output, as they come; an error ends the exchange with it.
  std::function<Status(std::string_view)> out;
  /// A whole line of its standard error.
  std::function<void(std::string_view)> said;
};

/// The seam to the Engine. The real one is EngineSocket; tests have one in memory.
class Engine {
 public:
  virtual ~Engine() = default;
  /// `path` begins with a slash and has no version; `/containers/json?all=1`. Any HTTP status is an
  /// Answer. Errors: `docker.unreachable` and `docker.timeout` (both may pass),
  /// `docker.permission`, `docker.protocol`, `docker.stopped`. After one of them a changing call
  /// may or may not have been carried out: look again. Changing calls pass the failpoints
  /// `engine.*.before` and `.after`.
  virtual Result<Answer> call(const std::string& method, const std::string& path, const Json* body,
                              Deadline deadline, std::stop_token stop = {}) = 0;
  /// PUT of an archive (`/containers/ID/archive?path=/`); otherwise as `call`.
  virtual Result<Answer> put_archive(const std::string& path, const std::string& tar,
                                     Deadline deadline) = 0;
  /// Follows a log, exec or progress stream until it ends; `on_line` gets each whole line, without
  /// its end. Multiplexed or raw: the stream itself says which. A status that is not 2xx is
  /// `docker.error`, `docker.not_found` or `docker.conflict`.
  virtual Status stream(const std::string& method, const std::string& path, const Json* body,
                        const std::function<void(std::string_view)>& on_line, Deadline deadline,
                        std::stop_token stop = {}) = 0;
  /// Starts an exec that was made, and carries what goes in and out of its program until that ends
  /// or closes both. How it ended is asked afterwards. Errors as of `stream`; a connection that
  /// breaks off looks like an end.
  virtual Status exec(const std::string& id, const ExecPipes& pipes, Deadline deadline,
                      std::stop_token stop) = 0;
  /// Negotiated: the lower of ours and the daemon's, e.g. `1.41`.
  virtual Result<std::string> api_version(Deadline deadline) = 0;
  virtual const Clock& clock() const = 0;
  /// The next call is on a new connection: whoever listens now answers it.
  virtual void forget_connections() {}

  /// GET that must be 200: the body, or `docker.error` with the Engine's message (404 too:
  /// `docker.not_found`). A body that is not JSON, or of another shape than what was asked for, is
  /// `docker.protocol`: it must never read as "there is none of them".
  Result<Json> get(const std::string& path, Deadline deadline);
  /// A changing call that must be 2xx or 304; `docker.error`, `docker.not_found`,
  /// `docker.conflict`.
  Result<Json> change(const std::string& method, const std::string& path, const Json* body,
                      Deadline deadline, std::stop_token stop = {});
  /// Starts a container; errors as `change`. Asked again, at most twice, where the Engine could not
  /// make the pair of network interfaces because its random names for them were taken: nothing was
  /// started then, and the next names are others.
  Status start(const std::string& id, Deadline deadline);
};

/// `socket` is a path. Nothing is opened before the first call.
std::unique_ptr<Engine> make_engine_socket(std::string socket, const Clock& clock);

/// Percent-encodes one part of a path or a query value.
std::string url_encode(std::string_view text);

/// What the Engine says in an answer that is no success: its `message`, or the text itself;
/// bounded.
std::string engine_message(const Answer& answer);

/// The typed error for an answer that is no success.
Error engine_error(const std::string& method, const std::string& path, const Answer& answer);

}  // namespace reconciler::docker
