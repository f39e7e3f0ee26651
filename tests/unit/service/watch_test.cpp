// Who is cut off is called again, and it is said once each way.
#include "reconciler/service/watch.hpp"

#include <gmock/gmock.h>

#include <condition_variable>

#include "tests/unit/service/host.hpp"

namespace reconciler::test {
namespace {

using testing::ElementsAre;

class Lines final : public Log {
 public:
  void info(std::string_view line) override { lines.emplace_back(line); }
  void warn(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

/// Cut off twice before it hears, and once after.
class CutOff final : public Driver {
 public:
  explicit CutOff(std::stop_source& done) : done_(done) {}
  Description describe() const override { return {"sim", {}, {}, {}, {}}; }
  Result<Prepared> prepare(const Request&, const Variables&, Deadline) override {
    return Prepared{};
  }
  Result<Observation> observe(const EnvironmentId&, const Json&, const Memory&, const Variables&,
                              Deadline) override {
    return Observation{};
  }
  Result<Outcome> perform(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  Result<Outcome> recover(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  std::vector<Finding> check(Deadline) override { return {}; }
  Status watch(const std::function<void(const Heard&)>& heard, std::stop_token) override {
    ++calls_;
    if (calls_ == 3) heard({});
    if (calls_ < 5) return failure(error("docker.unreachable", "gone").passing());
    heard({});
    done_.request_stop();
    return {};
  }

 private:
  std::stop_source& done_;
  int calls_ = 0;
};

TEST(Watch, GoesOnAfterItWasCutOff) {
  MovedClock clock;
  Lines log;
  std::stop_source done;
  Drivers drivers;
  ASSERT_TRUE(drivers.add(std::make_unique<CutOff>(done)));
  int heard = 0;
  {
    const Watch watch(
        drivers, [&](const Heard&) { ++heard; }, clock, log);
    std::mutex mutex;
    std::condition_variable_any over;
    std::unique_lock lock(mutex);
    EXPECT_FALSE(
        over.wait_for(lock, done.get_token(), std::chrono::seconds(60), [] { return false; }));
    ASSERT_TRUE(done.stop_requested());
  }
  EXPECT_EQ(heard, 2);
  const std::string cut_off =
      "sim: docker.unreachable: gone; looks on by the clock until it is heard again";
  EXPECT_THAT(log.lines, ElementsAre(cut_off, "sim: heard again", cut_off, "sim: heard again"));
}

}  // namespace
}  // namespace reconciler::test
