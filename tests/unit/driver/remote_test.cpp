// A driver in another process: as good as one at home, and bounded when it is not.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "reconciler/base/digest.hpp"
#include "reconciler/driver/remote.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Lines final : public Progress {
 public:
  void line(std::string_view text) override { all.emplace_back(text); }
  std::vector<std::string> all;
};

class RemoteTest : public testing::Test {
 protected:
  Result<std::unique_ptr<RemoteDriver>> start(const std::string& how, Duration describe = 10s) {
    RemoteOptions options;
    options.argv = {ODD_DRIVER, how};
    options.describe = describe;
    options.cancel = 300ms;
    return RemoteDriver::start(std::move(options), clock);
  }
  std::unique_ptr<RemoteDriver> started(const std::string& how) {
    auto driver = start(how);
    if (!driver) throw std::runtime_error(render(driver.error()));
    return std::move(*driver);
  }
  Deadline in(Duration d) { return {clock, d}; }
  Attempt attempt() { return {"7", {"a", "b"}, "L", "", {}}; }
  Result<Observation> observe(Driver& driver, Duration d = 10s) {
    return driver.observe({"a", "b"}, {}, {}, {}, in(d));
  }

  SystemClock clock;
  Lines lines;
};

template <class T>
std::string told(const Result<T>& result) {
  return result ? "no error\n" : render(result.error());
}

TEST_F(RemoteTest, ItAnswersAsItWouldAtHome) {
  const auto driver = started("well");
  EXPECT_EQ(driver->describe().name, "odd");
  EXPECT_THAT(observe(*driver)->notices, ElementsAre("long"));
  EXPECT_THAT(observe(*driver, 3s)->notices, ElementsAre("short"));
  const auto outcome = driver->perform(attempt(), {}, lines, {});
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->fate, Fate::succeeded);
  EXPECT_EQ(text_at(outcome->evidence, "attempt"), "7");
  EXPECT_THAT(lines.all, ElementsAre("began ?"));
  EXPECT_EQ(driver->recover(attempt(), {}, lines, {})->fate, Fate::not_started);
  const auto findings = driver->check(in(5s));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].mend, "mend it");
}

TEST_F(RemoteTest, ValuesOfVariablesGoOverThePipe) {
  const auto driver = started("well");
  Request request;
  request.tag = "v1";
  Variables variables;
  variables["PASSWORD"] = {Secret("hunter2"), ".env:1", true};
  variables["TAG"] = {Secret("v1"), "always there", false};
  const auto prepared = driver->prepare(request, variables, in(5s));
  ASSERT_TRUE(prepared) << told(prepared);
  const Json* password = member(*member(prepared->wanted, "variables"), "PASSWORD");
  EXPECT_EQ(text_at(*password, "digest"), keyed_digest("k", "hunter2"));
  EXPECT_TRUE(truth_at(*password, "secret"));
}

TEST_F(RemoteTest, ItsErrorsComeBackAsTheyAre) {
  const auto driver = started("refuses");
  EXPECT_EQ(told(driver->perform(attempt(), {}, lines, {})),
            "error thing.broken: it is broken\n  next  mend it\n");
  EXPECT_TRUE(observe(*driver)) << "and it goes on";
}

TEST_F(RemoteTest, AMegabyteIsNoTrouble) {
  EXPECT_EQ(observe(*started("large"))->notices.at(1).size(), 5U << 20U);
}

TEST_F(RemoteTest, WhatDiesIsSaidAndStartedAgain) {
  const auto driver = started("dies");
  const auto outcome = driver->perform(attempt(), {}, lines, {});
  EXPECT_EQ(told(outcome), "error driver.died: " ODD_DRIVER
                           " ended with 7 in the middle of a call\n"
                           "  said  out of luck\n");
  EXPECT_EQ(outcome.error().lasting, Lasting::transient);
  EXPECT_TRUE(observe(*driver));
  EXPECT_THAT(told(started("killed")->perform(attempt(), {}, lines, {})),
              HasSubstr("was killed by signal 6 in the middle of a call"));
}

TEST_F(RemoteTest, ADeadlineEndsIt) {
  const auto driver = started("slow");
  const auto before = clock.now();
  const auto seen = observe(*driver, 200ms);
  EXPECT_LT(clock.now() - before, 2s);
  EXPECT_EQ(told(seen), "error driver.timeout: " ODD_DRIVER
                        " did not answer observe within 0 s; it was killed\n");
  EXPECT_EQ(seen.error().lasting, Lasting::transient);
}

TEST_F(RemoteTest, AStopReachesIt) {
  const auto driver = started("waits");
  std::stop_source source;
  std::thread stopper([&] {
    std::this_thread::sleep_for(100ms);
    source.request_stop();
  });
  const auto outcome = driver->perform(attempt(), {}, lines, source.get_token());
  stopper.join();
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->fate, Fate::unknown);
  EXPECT_EQ(text_at(outcome->evidence, "detail"), "stopped");
}

TEST_F(RemoteTest, WhoDoesNotHearAStopIsKilled) {
  const auto driver = started("deaf");
  std::stop_source source;
  std::thread stopper([&] {
    std::this_thread::sleep_for(100ms);
    source.request_stop();
  });
  const auto before = clock.now();
  EXPECT_THAT(told(driver->perform(attempt(), {}, lines, source.get_token())),
              HasSubstr("error driver.timeout: "));
  stopper.join();
  EXPECT_LT(clock.now() - before, 3s);
}

TEST_F(RemoteTest, WhatIsStoppedBeforeIsNotAsked) {
  const auto driver = started("dies");
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(told(driver->perform(attempt(), {}, lines, source.get_token())),
            "error apply.stopped: stopped before odd was asked to perform\n");
}

TEST_F(RemoteTest, BabbleIsNoProtocol) {
  EXPECT_EQ(told(start("babble")),
            "error driver.protocol: not JSON: Welcome to the odd driver 1.0\n");
}

TEST_F(RemoteTest, ALineWithoutEndIsEnded) {
  EXPECT_EQ(told(start("endless")), "error driver.output_limit: a line is longer than 16 MiB\n");
}

TEST_F(RemoteTest, WhatEndsAtOnceIsSaid) {
  EXPECT_EQ(told(start("ends")),
            "error driver.died: " ODD_DRIVER " ended with 3 in the middle of a call\n");
}

TEST_F(RemoteTest, ItInheritsNothingButAPath) {
  ::setenv("SECRET_OF_PARENT", "hunter2", 1);
  const std::string said = told(start("environment"));
  EXPECT_THAT(said, HasSubstr("said  PATH="));
  EXPECT_THAT(said, Not(HasSubstr("hunter2")));
}

TEST_F(RemoteTest, AProgramThatOthersMayWriteIsNotStarted) {
  const std::string copy = testing::TempDir() + "odd_driver_copy";
  std::filesystem::copy_file(ODD_DRIVER, copy, std::filesystem::copy_options::overwrite_existing);
  ::chmod(copy.c_str(), 0777);
  EXPECT_EQ(told(RemoteDriver::start({{copy, "well"}}, clock)),
            "error driver.untrusted: " + copy +
                " may be written by others than its owner\n  next  chmod go-w " + copy + "\n");
  if (::geteuid() == 0) {
    ::chmod(copy.c_str(), 0755);
    ASSERT_EQ(::chown(copy.c_str(), 1234, 1234), 0);
    EXPECT_EQ(told(RemoteDriver::start({{copy, "well"}}, clock)),
              "error driver.untrusted: " + copy +
                  " belongs to user 1234, who is neither root nor this user\n  next  chown root " +
                  copy + "\n");
  }
  std::filesystem::remove(copy);
}

TEST_F(RemoteTest, AProgramThatIsNotThereIsSaid) {
  EXPECT_EQ(told(RemoteDriver::start({{"/nowhere/driver"}}, clock)),
            "error driver.failed_to_start: /nowhere/driver: No such file or directory\n");
  EXPECT_EQ(told(RemoteDriver::start({{"driver"}}, clock)),
            "error driver.untrusted: driver is not an absolute path\n"
            "  next  name the driver's program by its whole path\n");
}

TEST_F(RemoteTest, CallsOfSeveralThreadsQueue) {
  const auto driver = started("well");
  std::vector<std::thread> threads;
  std::atomic<int> well = 0;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&] {
      for (int m = 0; m < 20; ++m) {
        Lines own;
        const auto outcome = driver->perform(attempt(), {}, own, {});
        if (outcome && own.all.size() == 1) ++well;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(well, 80);
}

}  // namespace
}  // namespace reconciler
