#include "plugins/docker/services/in_container.hpp"

namespace reconciler::docker {
namespace {

/// A laden Engine takes seconds.
constexpr Duration moment = std::chrono::seconds(30);

/// Its id; nothing runs yet.
Result<std::string> make_exec(Context& context, const std::string& container, const Json& exec) {
  auto made = context.engine.change("POST", "/containers/" + url_encode(container) + "/exec", &exec,
                                    context.within(call_time));
  if (!made) return failed(made);
  return text_at(*made, "Id");
}

/// The exit code of a program whose connection has ended; none where it still runs at the deadline.
/// The connection ends a moment before the Engine has written down how the program did; one that
/// breaks off looks the same, and the program goes on without us.
Result<std::optional<std::int64_t>> exit_code_of(Context& context, const std::string& id,
                                                 Deadline until, const std::stop_token& stop) {
  for (;;) {
    auto ended = context.engine.get("/exec/" + id + "/json", context.within(call_time));
    if (!ended && ended.error().code == "docker.not_found")
      return failure(error("docker.unreachable",
                           "the Engine was started anew while the command ran, and does not know "
                           "what became of it")
                         .passing());
    if (!ended) return failed(ended);
    if (!truth_at(*ended, "Running")) return number_at(*ended, "ExitCode", -1);
    if (until.passed(context.clock)) return std::nullopt;
    const bool waited =
        context.clock.wait_until(context.clock.now() + std::chrono::milliseconds(50), stop);
    if (!waited) return failure(error("docker.stopped", "stopped while a command ended"));
  }
}

}  // namespace

Result<std::int64_t> run_in_container(Context& context, const std::string& container,
                                      const Json& exec, Deadline deadline,
                                      const std::function<void(std::string_view)>& on_line,
                                      std::stop_token stop) {
  auto made = make_exec(context, container, exec);
  if (!made) return failed(made);
  const std::string& id = *made;
  const Json start = JsonObject{{"Detach", false}, {"Tty", false}};
  auto streamed =
      context.engine.stream("POST", "/exec/" + id + "/start", &start, on_line, deadline, stop);
  if (!streamed) return failed(streamed);
  auto code = exit_code_of(context, id, deadline, stop);
  if (!code) return failed(code);
  if (*code) return **code;
  return failure(error("docker.timeout", "the command still runs").passing());
}

Result<std::int64_t> carry_through_container(Context& context, const std::string& container,
                                             const Json& exec, const ExecPipes& pipes,
                                             Deadline deadline, std::stop_token stop,
                                             const std::function<Status()>& begins) {
  auto made = make_exec(context, container, exec);
  if (!made) return failed(made);
  const std::string& id = *made;
  if (auto may = begins ? begins() : Status{}; !may) return failed(may);
  if (auto carried = context.engine.exec(id, pipes, deadline, stop); !carried)
    return failed(carried);
  auto code = exit_code_of(context, id, context.within(moment), stop);
  if (!code) return failed(code);
  if (*code) return **code;
  return failure(
      error("docker.unreachable", "the connection to a command broke off, and it still runs")
          .passing());
}

Status put_file(Context& context, const std::string& container, const ArchivedFile& file) {
  // Without the first a file whose path is a folder there takes the folder's place, volumes in it
  // emptied.
  const auto path = "/containers/" + container + "/archive?noOverwriteDirNonDir=1&path=%2F" +
                    (file.to_user ? "&copyUIDGID=1" : "");
  auto done = context.engine.put_archive(path, write_tar({file}), context.within(call_time));
  if (!done) return failed(done);
  if (done->status != 200) return failure(engine_error("PUT", path, *done));
  return {};
}

}  // namespace reconciler::docker
