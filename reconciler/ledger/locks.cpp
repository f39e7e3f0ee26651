#include "reconciler/ledger/locks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/ledger/holders.hpp"
#include "reconciler/ledger/identity.hpp"

namespace reconciler {
namespace {

constexpr Duration between_tries{100};
constexpr int most_nameless = 20;
constexpr std::string_view service_lock = "run.lock";  // those of environments have two dots

std::string first_line(const std::string& path) {
  const auto text = read_file(path, 4096);
  return text ? std::string(trim(split(*text, '\n').front())) : std::string();
}

/// When the process started, in the kernel's ticks: tells it from another with the same pid.
std::string start_ticks(std::int64_t pid) {
  const auto text = read_file(fmt::format("/proc/{}/stat", pid), 4096);
  if (!text) return {};
  const auto parts = split(text->substr(std::min(text->rfind(')') + 2, text->size())), ' ');
  return parts.size() > 19 ? parts[19] : std::string();
}

std::string own_command() {
  const auto text = read_file("/proc/self/cmdline", 4096);
  if (!text) return {};
  std::vector<std::string> words = split(*text, '\0');
  if (!words.empty() && words.back().empty()) words.pop_back();
  if (!words.empty()) words[0] = words[0].substr(words[0].rfind('/') + 1);
  return printable(join(words, " "), 200);
}

std::string boot_id() {
  return first_line("/proc/sys/kernel/random/boot_id");
}

void write_holder(int fd, const Clock& clock) {
  const std::string text = boost::json::serialize(JsonObject{{"pid", ::getpid()},
                                                             {"start", start_ticks(::getpid())},
                                                             {"boot", boot_id()},
                                                             {"command", own_command()},
                                                             {"since", to_text(clock.wall())}}) +
                           "\n";
  // For messages alone: a name that could not be written is no reason not to hold the lock.
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const ssize_t n = ::pwrite(fd, text.data(), text.size(), 0);
}

/// Who wrote its name into a lock's file.
struct Holder {
  std::string command;
  std::int64_t pid = 0;
  std::string since;
  bool alive = false;
};

std::optional<Holder> holder_in(const std::string& path) {
  const auto text = read_file(path, 4096);
  if (!text) return std::nullopt;
  const auto said = parse_json(*text);
  if (!said) return std::nullopt;
  const std::int64_t pid = number_at(*said, "pid");
  return Holder{printable(text_at(*said, "command"), 200), pid,
                printable(text_at(*said, "since"), 40),
                pid > 0 && text_at(*said, "boot") == boot_id() &&
                    text_at(*said, "start") == start_ticks(pid)};
}

std::string in_words(const Holder& holder) {
  return fmt::format("{} (pid {}, since {}{})", holder.command, holder.pid, holder.since,
                     holder.alive ? "" : "; it has ended, a child of it holds the lock");
}

Error held(const std::string& what, const std::optional<Holder>& holder,
           const std::string& ends_it) {
  const bool hears = !ends_it.empty() && (!holder || holder->alive);  // a child of it does not
  Error e = error("lock.held", fmt::format("another run holds {}", what))
                .next(fmt::format("wait until it has ended{}; a lock never outlives the process "
                                  "that holds it",
                                  hears ? "; what it carries out ends with: " + ends_it : ""))
                .passing();
  if (holder) e.facts.push_back({"holder", in_words(*holder)});
  return e;
}

/// Which lock, in words, and whether its file goes with it.
struct Which {
  std::string name;
  std::string what;
  bool passing = false;
  std::string ends_it{};  ///< what to type so that its holder ends
};

std::string lock_file_of(const EnvironmentId& id) {
  return id.application + "." + id.environment + ".lock";
}

Result<Descriptor> open_file(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd)
    return failure(
        error("file.unwritable", fmt::format("cannot open {}: {}", path, std::strerror(errno))));
  return fd;
}

/// Who held it took the name away: others will lock another file of that name.
bool has_no_name(const Descriptor& fd) {
  struct stat now {};
  return ::fstat(fd.get(), &now) == 0 && now.st_nlink == 0;
}

Result<Lock> take(const std::string& state_dir, const Which& which, const Patience& patience) {
  if (auto secured = secure_state_folder(state_dir); !secured) return failed(secured);
  const std::string folder = state_dir + "/locks";
  if (auto made = make_folders(folder, 0700); !made) return failed(made);
  const std::string path = folder + "/" + which.name;
  auto fd = open_file(path);
  if (!fd) return failed(fd);
  const Deadline deadline(patience.clock, patience.most);
  for (int nameless = 0;;) {
    if (::flock(fd->get(), LOCK_EX | LOCK_NB) == 0) {
      if (!has_no_name(*fd)) break;
      fd = open_file(path);
      if (!fd) return failed(fd);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK)
      return failure(
          error("file.unwritable", fmt::format("cannot lock {}: {}", path, std::strerror(errno))));
    const bool over = deadline.passed(patience.clock);
    // Who has just taken it writes its name next, and who lets go of it has taken its name away.
    const auto holder = over ? holder_in(path) : std::nullopt;
    if (holder || (over && nameless == most_nameless))
      return failure(held(which.what, holder, which.ends_it));
    if (over) ++nameless;
    const Instant next = patience.clock.now() + between_tries;
    const Instant again = over ? next : std::min(deadline.until(), next);
    if (!patience.clock.wait_until(again, patience.stop))
      return failure(
          error("lock.stopped", fmt::format("stopped while waiting for {}", which.what)));
  }
  write_holder(fd->get(), patience.clock);
  return Lock(std::move(*fd), which.passing ? path : "");
}

}  // namespace

Lock::~Lock() {
  if (!file_) return;
  // The name goes before the lock does. A file that stays is emptied; one that goes is taken away
  // while it is locked, and whoever waits for it sees that it has no name any more.
  [[maybe_unused]] const int done =
      passing_.empty() ? ::ftruncate(file_.get(), 0) : ::unlink(passing_.c_str());
  // Not left to close: a child that was forked just now has the file, too, until it is another
  // program.
  ::flock(file_.get(), LOCK_UN);
}

Result<Lock> lock_environment(const std::string& state_dir, const EnvironmentId& id,
                              const Patience& patience) {
  return take(state_dir, {lock_file_of(id), id.text(), false, "reconciler cancel " + id.text()},
              patience);
}

bool is_locked(const std::string& state_dir, const EnvironmentId& id) {
  const std::string path = state_dir + "/locks/" + lock_file_of(id);
  const auto text = read_file(path, 4096);
  if (!text || text->empty()) return false;  // who lets go of it empties it
  if (const auto holder = holder_in(path); holder && holder->alive) return true;
  // Only where its holder died, or cannot be seen from here, is it tried: for a moment that is in
  // the way of others.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<Lock> lock_service(const std::string& state_dir, Clock& clock) {
  return take(state_dir, {std::string(service_lock), state_dir}, {clock, Duration{0}, {}});
}

bool service_runs(const std::string& state_dir) {
  const auto holder = holder_in(state_dir + "/locks/" + std::string(service_lock));
  return holder && holder->alive;
}

Result<Lock> lock_artifact(const std::string& state_dir, const ResourceId& artifact,
                           const Patience& patience) {
  // An image's name may be longer than a file's. Environments' names never begin with a dot.
  return take(state_dir,
              {fmt::format(".{}.lock", sha256(artifact.text()).substr(0, 32)), artifact.name, true},
              patience);
}

std::vector<HeldLock> held_locks(const std::string& state_dir) {
  std::vector<HeldLock> all;
  const std::string folder = state_dir + "/locks";
  const auto names = list_folder(folder);
  if (!names) return all;
  for (const auto& name : *names) {
    if (!name.ends_with(".lock")) continue;
    const auto holder = holder_in(folder + "/" + name);
    if (!holder || !holder->alive) continue;  // the kernel frees it with its holder
    std::string what = name.substr(0, name.size() - std::string_view(".lock").size());
    if (what.starts_with('.'))
      what = "an image";
    else if (const auto dot = what.find('.'); dot != std::string::npos)
      what[dot] = '/';
    all.push_back({std::move(what), in_words(*holder)});
  }
  return all;
}

Result<OtherLocks> lock_others(const std::vector<std::string>& paths, const EnvironmentId& id) {
  OtherLocks all;
  for (const auto& path : paths) {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd)
      return failure(error("file.unwritable", fmt::format("cannot open {}, a lock of {}: {}", path,
                                                          id.text(), std::strerror(errno)))
                         .next("mend `also_lock` in the host file, or make the folder"));
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK)
        return failure(error("file.unwritable",
                             fmt::format("cannot lock {}: {}", path, std::strerror(errno))));
      return failure(
          error("lock.held", fmt::format("a script, or somebody else, holds {}, which {} honours",
                                         path, id.text()))
              .next(fmt::format("wait until it has ended; who it is: fuser -v {}", path))
              .passing());
    }
    all.push_back(std::move(fd));
  }
  return all;
}

}  // namespace reconciler
