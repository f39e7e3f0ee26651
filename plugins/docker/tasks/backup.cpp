#include "plugins/docker/tasks/backup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "plugins/docker/client/lines.hpp"
#include "plugins/docker/services/in_container.hpp"
#include "plugins/docker/services/mover.hpp"
#include "plugins/docker/tasks/output.hpp"
#include "plugins/docker/tasks/task.hpp"
#include "reconciler/base/backups.hpp"
#include "reconciler/base/expand.hpp"
#include "reconciler/base/size.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// Looks for a text in bytes that come in pieces.
class Search {
 public:
  explicit Search(std::string text) : text_(std::move(text)), found_(text_.empty()) {}
  void add(std::string_view bytes) {
    if (found_) return;
    tail_ += bytes;
    found_ = tail_.find(text_) != std::string::npos;
    if (tail_.size() >= text_.size()) tail_.erase(0, tail_.size() - (text_.size() - 1));
  }
  bool found() const { return found_; }

 private:
  std::string text_;
  std::string tail_;
  bool found_;
};

/// The container of the service that the command is executed in, once it is well.
Result<std::string> container_for(Context& context, const CompiledModel& model, const Json& input,
                                  Progress& progress, const std::stop_token& stop) {
  const auto service = text_at(input, "service");
  const auto wanted = std::ranges::find(model.containers, service, &Container::service);
  if (wanted == model.containers.end())
    return failure(error("plan.stale", fmt::format("there is no service {} any more", service))
                       .next("plan again"));
  const auto patience = std::max<Duration>(model.patience, std::chrono::minutes(2));
  if (auto ready = await_dependencies(context, model, {{service, "service_healthy", false, true}},
                                      progress, context.within(patience), stop);
      !ready)
    return failed(ready);
  auto there = inspect_container(context.engine, *wanted, context.within(call_time));
  if (!there) return failed(there);
  return text_at(*there, "Id");
}

JsonObject exec_of(const Json& input, bool with_input) {
  return {{"AttachStdin", with_input},
          {"AttachStdout", true},
          {"AttachStderr", true},
          {"Cmd", reconciler::to_json(texts_at(input, "command"))}};
}

Outcome failed_with(std::string why, const std::string& last_said) {
  if (!last_said.empty()) why += ": " + last_said;
  return {Fate::failed, Json(JsonObject{{"detail", std::move(why)}})};
}

/// What it says on its standard error, shown as it comes.
class Said {
 public:
  explicit Said(Progress& progress) : progress_(progress) {}
  void operator()(std::string_view line) {
    progress_.line(printable(line, line.size()));
    if (says_something(line)) last_ = printable(trim(line));
  }
  const std::string& last() const { return last_; }

 private:
  Progress& progress_;
  std::string last_;
};

std::string too_long(const Json& input) {
  return fmt::format("did not end within {}; it may still run in the container of {}",
                     for_people(time_for(input)), text_at(input, "service"));
}

}  // namespace

Result<Outcome> perform_backup(Context& context, const CompiledModel& model, const Json& input,
                               const Variables& variables, Progress& progress,
                               std::stop_token stop) {
  // steps_of has refused what cannot be filled in.
  auto contains = fill(text_at(input, "contains"), lookup_in(variables));
  if (!contains) return failed(contains);
  auto container = container_for(context, model, input, progress, stop);
  if (!container) return failed(container);
  const BackupFolder folder(text_at(input, "folder"));
  auto file = folder.begin(context.clock.wall(), text_at(input, "of"));
  if (!file) return failed(file);
  Search search(contains->reveal());
  Said said(progress);
  ExecPipes pipes;
  pipes.out = [&](std::string_view bytes) {
    search.add(bytes);
    return file->add(bytes);
  };
  pipes.said = [&](std::string_view line) { said(line); };
  const auto deadline = context.within(time_for(input));
  auto code = carry_through_container(context, *container, Json(exec_of(input, false)), pipes,
                                      deadline, std::move(stop));
  if (!code && code.error().code == "docker.timeout" && deadline.passed(context.clock))
    return failed_with(too_long(input), said.last());
  if (!code) return failed(code);
  if (*code != 0) return failed_with(fmt::format("exit code {}", *code), said.last());
  if (!search.found())
    return failed_with(
        fmt::format("what was written does not contain \"{}\"", text_at(input, "contains")),
        said.last());
  auto backup = file->finish();
  if (!backup && backup.error().code == "backup.empty")
    return failed_with(backup.error().message, said.last());
  if (!backup) return failed(backup);
  std::string detail =
      fmt::format("{}, {}", backup->name, size_for_people(static_cast<std::int64_t>(backup->size)));
  return Outcome{Fate::succeeded, Json(JsonObject{{"detail", std::move(detail)},
                                                  {"file", backup->name},
                                                  {"bytes", backup->size}})};
}

Result<Outcome> prune_backups(const Json& input) {
  const auto uncounted = texts_at(input, "uncounted");
  const auto needless = texts_at(input, "needless");
  const auto removed =
      BackupFolder(text_at(input, "folder"))
          .keep(static_cast<int>(number_at(input, "keep")), {uncounted.begin(), uncounted.end()},
                {needless.begin(), needless.end()});
  if (!removed) return failure(removed.error());
  return Outcome{Fate::succeeded,
                 Json(JsonObject{{"detail", removed->empty() ? "none to remove"
                                                             : count(removed->size(), "older one") +
                                                                   " removed"}})};
}

Result<Outcome> perform_restore(Context& context, const CompiledModel& model, const Json& input,
                                Progress& progress, std::stop_token stop) {
  const BackupFolder folder(text_at(input, "folder"));
  auto file = folder.open(text_at(input, "file"));
  if (!file) return failed(file);
  auto container = container_for(context, model, input, progress, stop);
  if (!container) return failed(container);
  Said said(progress);
  ExecPipes pipes;
  std::string buffer(size_t{256} << 10U, '\0');
  bool all = false;
  pipes.in = [&]() -> Result<std::string> {
    for (;;) {
      const ssize_t n = ::read(file->get(), buffer.data(), buffer.size());
      all = n == 0;
      if (n >= 0) return buffer.substr(0, static_cast<size_t>(n));
      if (errno != EINTR)
        return failure(error(
            "backup.damaged",
            fmt::format("{} cannot be read: {}", text_at(input, "file"), std::strerror(errno))));
    }
  };
  LineReader lines(pipes.said);
  lines.set_raw();
  pipes.said = [&](std::string_view line) { said(line); };
  pipes.out = [&](std::string_view bytes) -> Status {
    lines.add(bytes);
    return {};
  };
  // From here on it is one piece: a stop waits for its end, and its time bounds that.
  const auto deadline = context.within(time_for(input));
  auto code = carry_through_container(context, *container, Json(exec_of(input, true)), pipes,
                                      deadline, {}, [&] { return progress.begun(); });
  lines.finish();
  if (!code && code.error().code == "docker.timeout" && deadline.passed(context.clock))
    return failed_with(too_long(input), said.last());
  // A file that could be read before, and not to its end, is no refusal: half of it was given.
  if (!code && code.error().code == "backup.damaged")
    return failed_with(code.error().message, said.last());
  if (!code) return failed(code);
  if (*code != 0) return failed_with(fmt::format("exit code {}", *code), said.last());
  JsonObject evidence;
  // `tar` leaves what stands behind its end; whoever leaves half of a dump should be looked at.
  if (!all) evidence["detail"] = "warning: it ended before it was given all of the file";
  return Outcome{Fate::succeeded, Json(std::move(evidence))};
}

}  // namespace reconciler::docker
