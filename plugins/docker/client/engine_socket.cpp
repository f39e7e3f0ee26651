#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/client/exec.hpp"
#include "plugins/docker/client/lines.hpp"
#include "plugins/docker/client/response.hpp"
#include "plugins/docker/client/socket.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr int major = 1;
constexpr int lowest_minor = 41;   // Engine 20.10
constexpr int highest_minor = 51;  // Engine 28.5: the newest that was tried
constexpr size_t most_body = 64U << 20U;
constexpr size_t most_idle = 8;
// What costs it nothing: a daemon that takes longer to say that it is there does not work.
constexpr Duration ping_time = std::chrono::seconds(30);

/// Of a changing call that nobody thought of: there is no such failpoint, so that a program that is
/// run with any ends there and says so.
constexpr std::string_view unnamed = "unnamed";

/// The failpoint's part of the name for a changing call; empty for those that only read.
std::string_view failpoint_for(std::string_view method, std::string_view path) {
  if (method == "GET" || method == "HEAD") return "";
  path = path.substr(0, path.find('?'));
  const auto ends = [&](std::string_view end) { return path.ends_with(end); };
  const bool post = method == "POST";
  const bool remove = method == "DELETE";
  if (path.starts_with("/networks/"))
    return post && (ends("/connect") || ends("/disconnect")) ? "connect" : "network";
  if (path.starts_with("/volumes/")) return "volume";
  if (path.starts_with("/images/"))
    return remove ? "remove_image" : post && ends("/tag") ? "tag" : unnamed;
  if (path == "/build/prune") return "build_prune";
  if (path.starts_with("/exec/") && ends("/start")) return "exec_start";
  if (!path.starts_with("/containers/")) return unnamed;
  if (method == "PUT" && ends("/archive")) return "archive";
  if (remove) return "remove";
  if (!post) return unnamed;
  if (ends("/create")) return "create";
  if (ends("/start")) return "start";
  if (ends("/stop") || ends("/kill")) return "stop";
  if (ends("/rename")) return "rename";
  if (ends("/update")) return "update";
  if (ends("/unpause")) return "unpause";
  if (ends("/exec")) return "exec";
  return unnamed;
}

Status pass(std::string_view point, std::string_view when) {
  return point.empty() ? Status{} : failpoint(fmt::format("engine.{}.{}", point, when));
}

Status check_path(const std::string& path) {
  const bool bad =
      path.empty() || path.front() != '/' ||
      std::any_of(path.begin(), path.end(), [](char c) { return c <= ' ' || c == 127; });
  if (!bad) return {};
  return failure(error("docker.protocol",
                       fmt::format("\"{}\" cannot be asked of the Engine", printable(path))));
}

/// What a request carries.
struct Body {
  std::string_view type;  ///< empty: nothing is carried
  std::string bytes;
};

Body json_body(const Json* value) {
  return value ? Body{"application/json", boost::json::serialize(*value)} : Body{};
}

std::string write_request(const std::string& method, const std::string& path, const Body& body,
                          std::string_view more = "") {
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: docker\r\nUser-Agent: reconciler\r\n{}",
                                method, path, more);
  if (!body.type.empty()) {
    out +=
        fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n\r\n", body.type, body.bytes.size());
    out += body.bytes;
  } else {
    out += method == "GET" || method == "HEAD" ? "\r\n" : "Content-Length: 0\r\n\r\n";
  }
  return out;
}

/// Whatever is not one JSON document stays text: progress streams call themselves JSON too.
Answer read_answer(int status, std::string bytes) {
  if (bytes.empty()) return {status, {}, {}};
  auto parsed = parse_in_one_piece(bytes);
  if (!parsed) return {status, {}, std::move(bytes)};
  return {status, std::move(*parsed), {}};
}

class EngineSocket final : public Engine {
 public:
  EngineSocket(std::string socket, const Clock& clock)
      : socket_(std::move(socket)), clock_(clock) {}

  Result<Answer> call(const std::string& method, const std::string& path, const Json* body,
                      Deadline deadline, std::stop_token stop) override {
    return whole(method, path, json_body(body), deadline, std::move(stop));
  }

  Result<Answer> put_archive(const std::string& path, const std::string& tar,
                             Deadline deadline) override {
    return whole("PUT", path, {"application/x-tar", tar}, deadline, {});
  }

  Status stream(const std::string& method, const std::string& path, const Json* body,
                const std::function<void(std::string_view)>& on_line, Deadline deadline,
                std::stop_token stop) override {
    LineReader lines(on_line);
    std::string refusal;
    Response response;
    ResponseSink sink;
    sink.header = [&] {
      if (response.content_type.ends_with("multiplexed-stream")) lines.set_multiplexed();
    };
    sink.body = [&](std::string_view part) {
      if (response.status >= 200 && response.status < 300)
        lines.add(part);
      else if (refusal.size() < 4096)
        refusal += part;
      return true;
    };
    const auto point = failpoint_for(method, path);
    if (auto passed = pass(point, "before"); !passed) return passed;
    auto done = exchange(method, path, json_body(body), sink, response, deadline, std::move(stop));
    if (auto passed = pass(point, "after"); !passed) return passed;
    if (response.status >= 300 && done)
      return failure(engine_error(method, path, read_answer(response.status, std::move(refusal))));
    lines.finish();
    return done;
  }

  Status exec(const std::string& id, const ExecPipes& pipes, Deadline deadline,
              std::stop_token stop) override {
    const std::string path = "/exec/" + url_encode(id) + "/start";
    const auto point = failpoint_for("POST", path);
    if (auto passed = pass(point, "before"); !passed) return passed;
    auto version = api_version(deadline);
    if (!version) return failed(version);
    const Waiter waiter(clock_, deadline, std::move(stop), "POST " + path);
    auto connection = Connection::open(socket_, waiter);
    if (!connection) return failed(connection);
    const Json body = JsonObject{{"Detach", false}, {"Tty", false}};
    const auto request = write_request("POST", fmt::format("/v{}{}", *version, path),
                                       json_body(&body), "Connection: Upgrade\r\nUpgrade: tcp\r\n");
    if (auto sent = connection->write_all(request, waiter); !sent) return failed(sent);
    Response response;
    std::string refusal;
    ResponseSink sink;
    sink.body = [&](std::string_view part) {
      if (refusal.size() < 4096) refusal += part;
      return true;
    };
    if (auto read = read_response(*connection, false, sink, waiter, response); !read) return read;
    if (response.status != 101)
      return failure(engine_error("POST", path, read_answer(response.status, std::move(refusal))));
    auto done = carry(*connection, response.behind, pipes, waiter);
    if (auto passed = pass(point, "after"); !passed) return passed;
    return done;
  }

  Result<std::string> api_version(Deadline deadline) override {
    {
      const std::lock_guard lock(mutex_);
      // Who closed a connection may have come back as another: its successor is asked what it
      // speaks.
      if (std::erase_if(idle_, [](const Connection& one) { return !one.idle(); }) > 0)
        version_.clear();
      if (!version_.empty()) return version_;
    }
    Response response;
    ResponseSink sink;
    sink.body = [](std::string_view) { return true; };
    const Deadline soon(clock_, std::min(ping_time, deadline.left(clock_)));
    if (auto done = send("GET", "", "/_ping", {}, sink, response, soon, {}); !done)
      return failed(done);
    const auto parts = split(response.api_version, '.');
    const int minor = parts.size() == 2 ? std::atoi(parts[1].c_str()) : 0;
    if (parts.size() != 2 || parts[0] != std::to_string(major) || minor < lowest_minor)
      return failure(
          error("docker.protocol",
                fmt::format(
                    "what answers at {} speaks API \"{}\"; at least {}.{} (Engine 20.10) is needed",
                    socket_, printable(response.api_version, 20), major, lowest_minor)));
    const std::lock_guard lock(mutex_);
    version_ = fmt::format("{}.{}", major, std::min(minor, highest_minor));
    return version_;
  }

  const Clock& clock() const override { return clock_; }

  /// The daemon may have gone away: another one, of another version, may come back.
  void forget_connections() override {
    const std::lock_guard lock(mutex_);
    idle_.clear();
    version_.clear();
  }

 private:
  /// An exchange whose answer is wanted as a whole.
  Result<Answer> whole(const std::string& method, const std::string& path, const Body& body,
                       Deadline deadline, std::stop_token stop) {
    const auto point = failpoint_for(method, path);
    if (auto passed = pass(point, "before"); !passed) return failed(passed);
    std::string bytes;
    ResponseSink sink;
    sink.body = [&](std::string_view part) {
      if (bytes.size() + part.size() > most_body) return false;
      bytes += part;
      return true;
    };
    Response response;
    if (auto done = exchange(method, path, body, sink, response, deadline, std::move(stop)); !done)
      return failed(done);
    if (auto passed = pass(point, "after"); !passed) return failed(passed);
    return read_answer(response.status, std::move(bytes));
  }

  /// A read that met a connection which the daemon had just closed is asked once more, of whoever
  /// answers there now; a changing call never is.
  Status exchange(const std::string& method, const std::string& path, const Body& body,
                  const ResponseSink& sink, Response& response, Deadline deadline,
                  std::stop_token stop) {
    if (auto good = check_path(path); !good) return good;
    auto version = api_version(deadline);
    if (!version) return failed(version);
    bool closed = false;
    auto done = send(method, "/v" + *version, path, body, sink, response, deadline, stop, &closed);
    if (!closed || (method != "GET" && method != "HEAD")) return done;
    version = api_version(deadline);
    if (!version) return failed(version);
    return send(method, "/v" + *version, path, body, sink, response, deadline, stop);
  }

  /// One request, on a new connection; on a pooled one where `closed` can be told that the daemon
  /// had closed it without a word.
  Status send(const std::string& method, const std::string& version, const std::string& path,
              const Body& body, const ResponseSink& sink, Response& response, Deadline deadline,
              std::stop_token stop, bool* closed = nullptr) {
    const Waiter waiter(clock_, deadline, std::move(stop),
                        method + " " + path.substr(0, path.find('?')));
    const std::string request = write_request(method, version + path, body);
    auto pooled = closed ? take() : std::nullopt;
    const bool was_pooled = pooled.has_value();
    auto done = send_on(std::move(pooled), request, method == "HEAD", sink, response, waiter);
    if (done || done.error().code != "docker.unreachable") return done;
    forget_connections();
    if (closed) *closed = was_pooled && !response.begun;
    return done;
  }

  Status send_on(std::optional<Connection> connection, const std::string& request, bool head_only,
                 const ResponseSink& sink, Response& response, const Waiter& waiter) {
    if (!connection) {
      auto opened = Connection::open(socket_, waiter);
      if (!opened) return failed(opened);
      connection.emplace(std::move(*opened));
    }
    if (auto sent = connection->write_all(request, waiter); !sent) return failed(sent);
    if (auto read = read_response(*connection, head_only, sink, waiter, response); !read)
      return read;
    if (response.reusable) give_back(std::move(*connection));
    return {};
  }

  std::optional<Connection> take() {
    const std::lock_guard lock(mutex_);
    while (!idle_.empty()) {
      Connection connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection.idle()) return connection;
    }
    return std::nullopt;
  }

  void give_back(Connection connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < most_idle) idle_.push_back(std::move(connection));
  }

  const std::string socket_;
  const Clock& clock_;
  std::mutex mutex_;
  std::vector<Connection> idle_;
  std::string version_;
};

}  // namespace

std::unique_ptr<Engine> make_engine_socket(std::string socket, const Clock& clock) {
  return std::make_unique<EngineSocket>(std::move(socket), clock);
}

}  // namespace reconciler::docker
