#include "reconciler/driver/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "reconciler/base/broken_pipe.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t most_said = 2000;
constexpr int ends_by_itself_ms = 1000;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

bool make_pipe(Pipe& pipe) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return false;
  pipe.read.reset(fds[0]);
  pipe.write.reset(fds[1]);
  return true;
}

Status trusted(const std::string& path) {
  const auto refuse = [&](std::string_view why, std::string hint) {
    return failure(
        error("driver.untrusted", fmt::format("{} {}", path, why)).next(std::move(hint)));
  };
  if (!path.starts_with('/'))
    return refuse("is not an absolute path", "name the driver's program by its whole path");
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return failure(
        error("driver.failed_to_start", fmt::format("{}: {}", path, std::strerror(errno))));
  if (!S_ISREG(about.st_mode)) return refuse("is not a file", "name the driver's program");
  if (about.st_uid != 0 && about.st_uid != ::geteuid())
    return refuse(
        fmt::format("belongs to user {}, who is neither root nor this user", about.st_uid),
        fmt::format("chown root {}", path));
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse("may be written by others than its owner", fmt::format("chmod go-w {}", path));
  return {};
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& argv) {
  if (argv.empty()) return failure(error("driver.failed_to_start", "a driver without a program"));
  if (auto good = trusted(argv[0]); !good) return failed(good);
  Pipe in;
  Pipe out;
  Pipe err;
  Pipe report;
  const auto cannot = [&](int number) {
    return failure(error("driver.failed_to_start",
                         fmt::format("cannot start {}: {}", argv[0], std::strerror(number))));
  };
  if (!make_pipe(in) || !make_pipe(out) || !make_pipe(err) || !make_pipe(report))
    return cannot(errno);
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::array<char*, 2> environment{path, nullptr};

  const pid_t pid = ::fork();
  if (pid < 0) return cannot(errno);
  if (pid == 0) {
    ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(in.read.get(), 0);
    ::dup2(out.write.get(), 1);
    ::dup2(err.write.get(), 2);
    if (::chdir("/") == 0) ::execve(words[0], words.data(), environment.data());
    const int number = errno;
    [[maybe_unused]] const ssize_t told = ::write(report.write.get(), &number, sizeof number);
    ::_exit(127);
  }
  ::setpgid(pid, pid);
  report.write.reset();
  int number = 0;
  if (::read(report.read.get(), &number, sizeof number) == sizeof number) {
    ::waitpid(pid, nullptr, 0);
    return cannot(number);
  }
  for (const int fd : {in.write.get(), out.read.get(), err.read.get()})
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return Child(pid, argv[0], std::move(in.write), std::move(out.read), std::move(err.read));
}

Child::Child(pid_t pid, std::string name, Descriptor in, Descriptor out, Descriptor err)
    : pid_(pid),
      name_(std::move(name)),
      in_(std::move(in)),
      out_(std::move(out)),
      err_(std::move(err)) {}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      name_(std::move(other.name_)),
      in_(std::move(other.in_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      to_write_(std::move(other.to_write_)),
      lines_(std::move(other.lines_)),
      said_(std::move(other.said_)) {}

Child::~Child() {
  if (pid_ < 0) return;
  in_.reset();
  for (int waited = 0; waited < ends_by_itself_ms; waited += 10) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
      ::kill(-pid_, SIGKILL);  // what it left behind
      return;
    }
    ::poll(nullptr, 0, 10);
  }
  kill();
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Child::write_some() {
  const ssize_t n = write_to_pipe(in_.get(), to_write_);
  if (n > 0) {
    to_write_.erase(0, static_cast<size_t>(n));
  } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
    to_write_.clear();  // its output ends as well, and that is the error to tell
    in_.reset();
  }
}

Error Child::died() {
  int how = 0;
  for (int waited = 0; pid_ > 0 && waited < ends_by_itself_ms; waited += 10) {
    if (::waitpid(pid_, &how, WNOHANG) == pid_) {
      ::kill(-pid_, SIGKILL);
      pid_ = -1;
    } else {
      ::poll(nullptr, 0, 10);
    }
  }
  std::string end = "closed its output and lived on";
  if (pid_ < 0)
    end = WIFSIGNALED(how) ? fmt::format("was killed by signal {}", WTERMSIG(how))
                           : fmt::format("ended with {}", WEXITSTATUS(how));
  kill();
  Error e =
      error("driver.died", fmt::format("{} {} in the middle of a call", name_, end)).passing();
  if (!trim(said_).empty()) e.facts.push_back({"said", printable(trim(said_), most_said)});
  return e;
}

Status Child::exchange(std::chrono::milliseconds most) {
  std::array<pollfd, 3> fds{{{out_.get(), POLLIN, 0},
                             {err_.get(), POLLIN, 0},
                             {to_write_.empty() ? -1 : in_.get(), POLLOUT, 0}}};
  if (::poll(fds.data(), fds.size(), static_cast<int>(most.count())) <= 0) return {};
  if (fds[2].revents != 0) write_some();
  char buffer[65536];
  if (fds[1].revents != 0) {
    const ssize_t n = ::read(err_.get(), buffer, sizeof buffer);
    if (n > 0) {
      said_.append(buffer, static_cast<size_t>(n));
      if (said_.size() > most_said) said_.erase(0, said_.size() - most_said);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      err_.reset();
    }
  }
  if (fds[0].revents == 0) return {};
  const ssize_t n = ::read(out_.get(), buffer, sizeof buffer);
  if (n > 0) return lines_.add({buffer, static_cast<size_t>(n)});
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  return failure(died());
}

}  // namespace reconciler
