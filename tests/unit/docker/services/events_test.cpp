// What the Engine tells, and of whom it is.
#include "plugins/docker/events.hpp"

#include <gmock/gmock.h>

namespace reconciler::docker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const EnvironmentId web{"web", "production"};

/// `APP/ENV`, `beside APP/ENV`, or `anything`.
std::string shown(const Heard& what) {
  return (what.beside ? "beside " : "") + (what.of ? what.of->text() : "anything");
}

std::vector<std::string> heard(std::string_view line, const Projects& projects) {
  std::vector<std::string> all;
  for (const auto& what : heard_in(line, projects)) all.push_back(shown(what));
  return all;
}

std::string event(const std::string& action, const std::string& name, const std::string& label) {
  return R"({"status":")" + action + R"(","id":"c1","Type":"container","Action":")" + action +
         R"(","Actor":{"ID":"c1","Attributes":{)" + label + R"("image":"busybox","name":")" + name +
         R"("}},"scope":"local","time":1795258800,"timeNano":1795258800000000000})";
}

TEST(Events, AreOfWhoMadeTheContainerElseOfItsProject) {
  Projects projects;
  projects.belongs("site", web);
  projects.belongs("site", {"site", "stage"});
  projects.belongs("other", {"other", "production"});
  const std::string ours =
      R"("com.docker.compose.project":"other","reconciler.environment":"web/production",)";
  EXPECT_THAT(heard(event("die", "site-web-1", ours), projects), ElementsAre("web/production"));
  EXPECT_THAT(
      heard(event("die", "site-web-1", R"("com.docker.compose.project":"site",)"), projects),
      ElementsAre("site/stage", "web/production"));
  EXPECT_THAT(heard(event("die", "x", R"("com.docker.compose.project":"stranger",)"), projects),
              IsEmpty());
  EXPECT_THAT(heard("{\"status\":\"die\", cut", projects), ElementsAre("anything"));
}

TEST(Events, AStartOfWhatIsKeptIsBesideWhatIsToRun) {
  const Projects none;
  const std::string ours = R"("reconciler.environment":"web/production",)";
  EXPECT_THAT(heard(event("start", "web-web-1.prev", ours), none),
              ElementsAre("beside web/production"));
  EXPECT_THAT(heard(event("start", "web-web-1.failed", ours), none),
              ElementsAre("beside web/production"));
  EXPECT_THAT(heard(event("start", "web-web-1.next", ours), none), ElementsAre("web/production"));
  EXPECT_THAT(heard(event("die", "web-web-1.prev", ours), none), ElementsAre("web/production"));
}

TEST(Events, AnEnvironmentWithAnotherProjectLeavesTheOldOne) {
  Projects projects;
  projects.belongs("old", web);
  projects.belongs("new", web);
  EXPECT_THAT(projects.of("old"), IsEmpty());
  EXPECT_THAT(projects.of("new"), ElementsAre(web));
}

/// Has its streams end as told.
class Telling final : public Engine {
 public:
  Result<Answer> call(const std::string& method, const std::string& path, const Json*, Deadline,
                      std::stop_token) override {
    asked.push_back(method + " " + path);
    if (!there) return failure(error("docker.unreachable", "no Engine").passing());
    return Answer{200, JsonObject{}, ""};
  }
  Result<Answer> put_archive(const std::string&, const std::string&, Deadline) override {
    return Answer{};
  }
  Status stream(const std::string& method, const std::string& path, const Json*,
                const std::function<void(std::string_view)>& on_line, Deadline,
                std::stop_token) override {
    asked.push_back(method + " " + path);
    on_line(event("die", "web-web-1", R"("reconciler.environment":"web/production",)"));
    if (ends.empty()) {
      stop.request_stop();
      return failure(error("docker.stopped", "stopped"));
    }
    auto end = std::move(ends.front());
    ends.erase(ends.begin());
    return end;
  }
  Result<std::string> api_version(Deadline) override { return std::string("1.41"); }
  const Clock& clock() const override { return clock_; }

  Status watch() {
    return watch_containers(
        *this, {}, [this](const Heard& what) { told.push_back(shown(what)); }, stop.get_token());
  }
  bool there = true;
  std::vector<Status> ends;
  std::vector<std::string> asked;
  std::vector<std::string> told;
  std::stop_source stop;

 private:
  class At final : public Clock {
   public:
    Instant now() const override { return {}; }
    WallTime wall() const override { return WallTime(std::chrono::seconds(1'795'258'801)); }
    bool wait_until(Instant, std::stop_token) override { return true; }
  };
  At clock_;
};

TEST(Events, EachTimeItBeginsToListenAnythingMayHaveHappened) {
  Telling engine;
  engine.ends = {failure(error("docker.timeout", "an hour is over"))};
  EXPECT_TRUE(engine.watch());  // stopped
  const std::string events =
      "GET /events?since=1795258800&filters=%7B%22event%22%3A%5B%22start%22%2C%22die%22%2C%22pause"
      "%22%2C%22unpause%22%2C%22rename%22%2C%22update%22%2C%22destroy%22%5D%2C%22label%22%3A%5B%22"
      "com.docker.compose.project%22%5D%2C%22type%22%3A%5B%22container%22%5D%7D";
  EXPECT_THAT(engine.asked, ElementsAre("GET /version", events, "GET /version", events));
  EXPECT_THAT(engine.told, ElementsAre("anything", "web/production", "anything", "web/production"));
}

TEST(Events, WhatCutsItOffIsSaid) {
  Telling engine;
  engine.ends = {failure(error("docker.unreachable", "gone").passing()), Status{}};
  EXPECT_EQ(engine.watch().error().message, "gone");
  EXPECT_EQ(engine.watch().error().message, "the Engine has ended its stream of events");
  engine.there = false;
  engine.told.clear();
  EXPECT_EQ(engine.watch().error().message, "no Engine");
  EXPECT_THAT(engine.told, IsEmpty());
}

}  // namespace
}  // namespace reconciler::docker
