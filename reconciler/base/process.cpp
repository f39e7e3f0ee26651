#include "reconciler/base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

#include "reconciler/base/broken_pipe.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler {
namespace {

using std::chrono::steady_clock;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

std::optional<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Descriptor(fds[0]), Descriptor(fds[1])};
}

// Everything the child needs is made before the fork: after it only system calls are safe.
struct Prepared {
  std::vector<char*> argv;
  std::vector<std::string> pairs;
  std::vector<char*> environment;
};

Prepared prepare(const Command& command) {
  Prepared p;
  for (const auto& arg : command.argv) p.argv.push_back(const_cast<char*>(arg.c_str()));
  p.argv.push_back(nullptr);
  for (const auto& [name, value] : command.environment) p.pairs.push_back(name + "=" + value);
  for (const auto& pair : p.pairs) p.environment.push_back(const_cast<char*>(pair.c_str()));
  p.environment.push_back(nullptr);
  return p;
}

[[noreturn]] void become(const Command& command, const Prepared& p, int in, int out, int err,
                         int report, pid_t parent) {
  ::setpgid(0, 0);
  if (!command.keep_on_parent_death) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (command.most_memory > 0) {
    const rlimit limit{command.most_memory, command.most_memory};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (::chdir(command.directory.c_str()) == 0)
    ::execve(p.argv[0], p.argv.data(), p.environment.data());
  const int number = errno;
  [[maybe_unused]] const ssize_t told = ::write(report, &number, sizeof number);
  ::_exit(127);
}

class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& to) : to_(to) {}
  void add(std::string_view bytes) {
    if (!to_) return;
    for (const char c : bytes) {
      if (c == '\n' || c == '\r')
        flush();
      else if (line_.size() < 4096)
        line_ += c;
    }
  }
  void flush() {
    if (to_ && !line_.empty()) to_(line_);
    line_.clear();
  }

 private:
  const std::function<void(std::string_view)>& to_;
  std::string line_;
};

}  // namespace

Result<Finished> run_process(const Command& command, std::stop_token stop) {
  if (command.argv.empty() || !command.argv[0].starts_with('/'))
    return failure(error("process.failed_to_start", "a program is named by its absolute path"));
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  auto report = make_pipe();
  if (!in || !out || !err || !report)
    return failure(error("process.failed_to_start",
                         fmt::format("no pipe for {}: {}", command.argv[0], std::strerror(errno)))
                       .passing());
  const Prepared p = prepare(command);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0)
    return failure(error("process.failed_to_start",
                         fmt::format("cannot start {}: {}", command.argv[0], std::strerror(errno)))
                       .passing());
  if (pid == 0)
    become(command, p, in->read.get(), out->write.get(), err->write.get(), report->write.get(),
           parent);
  ::setpgid(pid, pid);
  in->read.reset();
  out->write.reset();
  err->write.reset();
  report->write.reset();
  int number = 0;
  if (::read(report->read.get(), &number, sizeof number) == sizeof number) {
    ::waitpid(pid, nullptr, 0);
    return failure(
        error(number == ENOENT ? "process.not_found" : "process.failed_to_start",
              fmt::format("cannot start {}: {}", command.argv[0], std::strerror(number))));
  }

  ::fcntl(in->write.get(), F_SETFL, O_NONBLOCK);
  const auto deadline = steady_clock::now() + command.timeout;
  auto kill_at = steady_clock::time_point::max();
  std::optional<Error> ended_by;
  const auto end = [&](Error why) {
    if (ended_by) return;
    ended_by = std::move(why);
    ::kill(-pid, SIGTERM);
    kill_at = steady_clock::now() + std::chrono::seconds(2);
  };

  Finished finished;
  Lines out_lines(command.on_line);
  Lines err_lines(command.on_line);
  std::string_view to_write = command.input;
  if (to_write.empty()) in->write.reset();
  while (out->read || err->read) {
    const auto now = steady_clock::now();
    if (now >= deadline)
      end(error("process.timeout", fmt::format("{} did not end within {}", command.argv[0],
                                               for_people(command.timeout)))
              .passing());
    if (stop.stop_requested())
      end(error("process.stopped", fmt::format("{} was stopped", command.argv[0])));
    if (now >= kill_at) {
      ::kill(-pid, SIGKILL);
      out->read.reset();
      err->read.reset();
      break;
    }
    std::array<pollfd, 3> fds{{{out->read.get(), POLLIN, 0},
                               {err->read.get(), POLLIN, 0},
                               {in->write.get(), POLLOUT, 0}}};
    if (::poll(fds.data(), fds.size(), 50) < 0 && errno != EINTR) break;
    if (in->write && fds[2].revents) {
      const ssize_t n = write_to_pipe(in->write.get(), to_write);
      if (n > 0) to_write.remove_prefix(static_cast<size_t>(n));
      if (to_write.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) in->write.reset();
    }
    const auto drain = [&](Descriptor& from, short events, std::string& into, Lines& lines) {
      if (!from || !events) return;
      char buffer[65536];
      const ssize_t n = ::read(from.get(), buffer, sizeof buffer);
      if (n > 0) {
        into.append(buffer, static_cast<size_t>(n));
        lines.add({buffer, static_cast<size_t>(n)});
        if (into.size() > command.most_output)
          end(error("process.output_limit", fmt::format("{} wrote more than {} bytes",
                                                        command.argv[0], command.most_output)));
      } else if (n == 0 || errno != EINTR) {
        from.reset();
      }
    };
    drain(out->read, fds[0].revents, finished.out, out_lines);
    drain(err->read, fds[1].revents, finished.err, err_lines);
  }
  out_lines.flush();
  err_lines.flush();
  int how = 0;
  // Its pipes are closed; a child that lives on regardless gets until the deadline, then SIGKILL.
  pid_t reaped = 0;
  while ((reaped = ::waitpid(pid, &how, WNOHANG)) == 0 || (reaped < 0 && errno == EINTR)) {
    if (steady_clock::now() >= std::min(deadline, kill_at)) ::kill(-pid, SIGKILL);
    ::poll(nullptr, 0, 2);
  }
  if (ended_by) {
    ::kill(-pid, SIGKILL);  // what it left behind in its group
    return failure(std::move(*ended_by));
  }
  if (reaped < 0)
    return failure(error("process.lost", fmt::format("nobody can say how {} ended: {}",
                                                     command.argv[0], std::strerror(errno))));
  finished.exit_code = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
  return finished;
}

std::string own_folder() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return ".";
  const std::string_view whole(path, static_cast<size_t>(n));
  return std::string(whole.substr(0, whole.rfind('/')));
}

}  // namespace reconciler
