// One writer at a time, across processes, and no lock that outlives its holder.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <thread>

#include "reconciler/ledger/locks.hpp"
#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;

/// The player in another process, until it is killed.
class Holder {
 public:
  Holder(const std::string& verb, const std::string& state) {
    int out[2];
    if (::pipe(out) != 0) throw std::runtime_error("no pipe");
    pid = ::fork();
    if (pid == 0) {
      ::setpgid(0, 0);
      ::dup2(out[1], 1);
      ::close(out[0]);
      ::close(out[1]);
      ::execl(LEDGER_PLAYER, "/usr/bin/reconciler", verb.c_str(), state.c_str(), nullptr);
      ::_exit(127);
    }
    ::setpgid(pid, pid);
    ::close(out[1]);
    char said[5];
    if (::read(out[0], said, 5) != 5) throw std::runtime_error("the player said nothing");
    ::close(out[0]);
  }
  ~Holder() {
    ::kill(-pid, SIGKILL);
    kill();
  }
  void kill() {
    if (dead) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    dead = true;
  }
  pid_t pid = 0;
  bool dead = false;
};

class LockTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  const std::string state = folder / "state";

  /// Production's, by somebody who has written no name into it yet.
  Descriptor held_by_another() {
    EXPECT_TRUE(open_ledger(state, clock));
    EXPECT_TRUE(make_folders(state + "/locks", 0700));
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(::flock(file.get(), LOCK_EX), 0);
    return file;
  }
  const std::string path = state + "/locks/portfolio.production.lock";
  const std::string name = "{\"command\":\"reconciler apply\",\"pid\":1}";
};

TEST_F(LockTest, TheHolderIsNamed) {
  ASSERT_TRUE(open_ledger(state, clock));
  const Holder holder("hold", state);
  const auto lock = lock_environment(state, production, {clock});
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, "lock.held");
  EXPECT_EQ(lock.error().lasting, Lasting::transient);
  EXPECT_THAT(render(lock.error()),
              testing::MatchesRegex(
                  "error lock.held: another run holds portfolio/production\n"
                  "  holder  reconciler hold /tmp/ledger-test-[A-Za-z0-9]*/state \\(pid " +
                  std::to_string(holder.pid) +
                  ", since 20[-0-9:TZ]*\\)\n"
                  "  next    wait until it has ended; what it carries out ends with: reconciler "
                  "cancel portfolio/production; "
                  "a lock never outlives the process that holds it\n"));
}

TEST_F(LockTest, WhoHasJustTakenItIsWaitedForToWriteItsName) {
  const Descriptor theirs = held_by_another();
  clock.on_wait = [&] { std::ofstream(path) << name; };
  const auto lock = lock_environment(state, production, {clock});
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, "lock.held");
  EXPECT_THAT(render(lock.error()), testing::HasSubstr("holder  reconciler apply (pid 1"));
}

TEST_F(LockTest, WhoLetsGoOfItAsItsNameIsReadIsNamedAllTheSame) {
  const Descriptor theirs = held_by_another();
  const auto write_name = [&] {
    EXPECT_EQ(::pwrite(theirs.get(), name.data(), name.size(), 0), ssize_t(name.size()));
  };
  clock.on_wait = write_name;
  // Each time it is asked for, its holder takes its name away once, at any moment.
  constexpr int times = 3000;
  std::atomic<int> asked = 0;
  std::atomic<int> taken_away = 0;
  const std::jthread holder([&] {
    for (int n = 1; n <= times; ++n) {
      while (asked < n) std::this_thread::yield();
      for (volatile int turns = n * 7 % 2000; turns > 0;) turns = turns - 1;
      EXPECT_EQ(::ftruncate(theirs.get(), 0), 0);
      taken_away = n;
    }
  });
  int nameless = 0;
  for (int n = 1; n <= times; ++n) {
    write_name();
    asked = n;
    const auto lock = lock_environment(state, production, {clock});
    if (lock || lock.error().facts.empty()) ++nameless;
    while (taken_away < n) std::this_thread::yield();
  }
  EXPECT_EQ(nameless, 0);
}

TEST_F(LockTest, OneThatNeverWritesItsNameHoldsItAllTheSame) {
  const Descriptor theirs = held_by_another();
  const auto lock = lock_environment(state, production, {clock});
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, "lock.held");
}

TEST_F(LockTest, AChildThatWasForkedMeanwhileHoldsNothing) {
  ASSERT_TRUE(open_ledger(state, clock));
  std::optional<Result<Lock>> lock = lock_environment(state, production, {clock});
  ASSERT_TRUE(*lock);
  int gate[2] = {};
  ASSERT_EQ(::pipe(gate), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char none = 0;
    ::close(gate[1]);
    (void)!::read(gate[0], &none, 1);
    ::_exit(0);
  }
  lock.reset();
  EXPECT_TRUE(lock_environment(state, production, {clock}));
  ::close(gate[0]);
  ::close(gate[1]);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(LockTest, WhetherAnyoneHoldsItIsToldWithoutTakingIt) {
  EXPECT_FALSE(is_locked(state, production));
  ASSERT_TRUE(open_ledger(state, clock));
  {
    const auto mine = lock_environment(state, production, {clock});
    EXPECT_TRUE(is_locked(state, production));
    EXPECT_FALSE(is_locked(state, {"portfolio", "stage"}));
  }
  EXPECT_FALSE(is_locked(state, production));
  Holder holder("hold", state);
  EXPECT_TRUE(is_locked(state, production));
  holder.kill();
  EXPECT_FALSE(is_locked(state, production)) << "its name still stands in the file";
}

TEST_F(LockTest, OneThatCannotBeSeenHoldsIt) {
  ASSERT_TRUE(open_ledger(state, clock));
  const auto mine = lock_environment(state, production, {clock});
  const std::string path = state + "/locks/portfolio.production.lock";
  std::ofstream(path, std::ios::trunc) << R"({"pid":1,"boot":"another","start":"1"})";
  EXPECT_TRUE(is_locked(state, production));
}

TEST_F(LockTest, OthersAreFree) {
  const Holder holder("hold", state);
  EXPECT_TRUE(lock_environment(state, {"portfolio", "stage"}, {clock}));
  EXPECT_TRUE(lock_artifact(state, {"compose", "image", "portfolio-backend:v1"}, {clock}));
}

TEST_F(LockTest, ArtifactsAreLockedEachByItself) {
  const ResourceId backend{"compose", "image", "portfolio-backend:v1"};
  const ResourceId frontend{"compose", "image", "portfolio-frontend:v1"};
  auto first = lock_artifact(state, backend, {clock});
  ASSERT_TRUE(first);
  EXPECT_TRUE(lock_artifact(state, frontend, {clock}));
  const auto second = lock_artifact(state, backend, {clock});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "another run holds portfolio-backend:v1");
  { const Lock gone = std::move(*first); }
  EXPECT_TRUE(lock_artifact(state, backend, {clock}));
  EXPECT_EQ(*list_folder(state + "/locks"), std::vector<std::string>{});
}

TEST_F(LockTest, WhoWaitedForAnArtifactHoldsItAgainstThoseWhoComeLater) {
  const ResourceId backend{"compose", "image", "portfolio-backend:v1"};
  std::optional<Lock> first;
  first.emplace(std::move(*lock_artifact(state, backend, {clock})));
  // While it waits the holder ends, and with it the file that it waits for.
  class EndsWhileWaiting final : public Clock {
   public:
    explicit EndsWhileWaiting(std::optional<Lock>& holder) : holder_(holder) {}
    Instant now() const override { return now_; }
    WallTime wall() const override { return {}; }
    bool wait_until(Instant until, std::stop_token) override {
      now_ = until;
      holder_.reset();
      return true;
    }

   private:
    std::optional<Lock>& holder_;
    Instant now_{};
  } waiting(first);
  const auto second = lock_artifact(state, backend, {waiting, 5s});
  ASSERT_TRUE(second);
  EXPECT_EQ(lock_artifact(state, backend, {clock}).error().code, "lock.held");
}

TEST_F(LockTest, TheSameProcessDoesNotGetItTwice) {
  auto first = lock_environment(state, production, {clock});
  ASSERT_TRUE(first);
  EXPECT_EQ(lock_environment(state, production, {clock}).error().code, "lock.held");
  { const Lock gone = std::move(*first); }
  EXPECT_TRUE(lock_environment(state, production, {clock}));
}

TEST_F(LockTest, AKilledHolderHoldsNothing) {
  Holder holder("hold", state);
  holder.kill();
  EXPECT_TRUE(lock_environment(state, production, {clock}));
}

TEST_F(LockTest, AChildThatOutlivesTheHolderHoldsNothing) {
  Holder holder("hold-by-child", state);
  holder.kill();
  EXPECT_TRUE(lock_environment(state, production, {clock}));
}

TEST_F(LockTest, AWaitHasAnEnd) {
  const Holder holder("hold", state);
  const Instant before = clock.now();
  EXPECT_EQ(lock_environment(state, production, {clock, 5s}).error().code, "lock.held");
  EXPECT_EQ(clock.now() - before, 5s);
}

TEST_F(LockTest, AWaitIsOverWhenTheHolderEnds) {
  Holder holder("hold", state);
  class KillsWhileWaiting final : public Clock {
   public:
    explicit KillsWhileWaiting(Holder& holder) : holder_(holder) {}
    Instant now() const override { return now_; }
    WallTime wall() const override { return {}; }
    bool wait_until(Instant until, std::stop_token) override {
      now_ = until;
      holder_.kill();
      return true;
    }

   private:
    Holder& holder_;
    Instant now_{};
  } clock(holder);
  EXPECT_TRUE(lock_environment(state, production, {clock, 5s}));
}

TEST_F(LockTest, AWaitIsOverWhenItIsStopped) {
  const Holder holder("hold", state);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(told(lock_environment(state, production, {clock, 5s, source.get_token()})),
            "error lock.stopped: stopped while waiting for portfolio/production\n");
}

TEST_F(LockTest, LocksOfOthersAreHeldAndTheirFilesNeverWrittenTo) {
  const std::string path = state + "/deploy.lock";
  ASSERT_TRUE(make_folders(state));
  ASSERT_TRUE(replace_file(path, "4711\n"));
  {
    const auto held = lock_others({path, state + "/release.lock"}, production);
    ASSERT_TRUE(held) << render(held.error());
    EXPECT_EQ(told(lock_others({path}, production)),
              "error lock.held: a script, or somebody else, holds " + path +
                  ", which portfolio/production honours\n"
                  "  next  wait until it has ended; who it is: fuser -v " +
                  path + "\n");
  }
  EXPECT_TRUE(lock_others({path}, production));
  EXPECT_EQ(*read_file(path), "4711\n");
  EXPECT_EQ(lock_others({state + "/nowhere/deploy.lock"}, production).error().code,
            "file.unwritable");
}

}  // namespace
}  // namespace reconciler
