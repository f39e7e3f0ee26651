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

std::vector<std::string> heard(std::string_view line, Shared& shared) {
  std::vector<std::string> all;
  for (const auto& what : take_up(line, shared)) all.push_back(shown(what));
  return all;
}

std::string event(const std::string& action, const std::string& name, const std::string& label) {
  return R"({"status":")" + action + R"(","id":"c1","Type":"container","Action":")" + action +
         R"(","Actor":{"ID":"c1","Attributes":{)" + label + R"("image":"busybox","name":")" + name +
         R"("}},"scope":"local","time":1795258800,"timeNano":1795258800000000000})";
}

TEST(Events, AreOfWhoMadeTheContainerElseOfItsProject) {
  Shared shared;
  shared.projects.belongs("site", web);
  shared.projects.belongs("site", {"site", "stage"});
  shared.projects.belongs("other", {"other", "production"});
  const std::string ours =
      R"("com.docker.compose.project":"other","reconciler.environment":"web/production",)";
  EXPECT_THAT(heard(event("die", "site-web-1", ours), shared), ElementsAre("web/production"));
  EXPECT_THAT(heard(event("die", "site-web-1", R"("com.docker.compose.project":"site",)"), shared),
              ElementsAre("site/stage", "web/production"));
  EXPECT_THAT(heard(event("die", "x", R"("com.docker.compose.project":"stranger",)"), shared),
              IsEmpty());
  EXPECT_THAT(heard("{\"status\":\"die\", cut", shared), ElementsAre("anything"));
}

TEST(Events, AStartOfWhatIsKeptIsBesideWhatIsToRun) {
  Shared none;
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

/// The inspect of c1, of project `site`.
Json inspect_c1(const std::string& state = "running") {
  return JsonObject{
      {"Id", "c1"},
      {"Name", "/site-web-1"},
      {"State", JsonObject{{"Status", state}}},
      {"Config", JsonObject{{"Labels", JsonObject{{"com.docker.compose.project", "site"}}}}}};
}

TEST(Inspects, AreKeptWhileAChangeWouldBeTold) {
  Inspected kept;
  kept.keep(kept.now(), "c1", inspect_c1());
  EXPECT_FALSE(kept.find("c1", "running"));  // nobody listens
  kept.listening();
  kept.keep(kept.now(), "c1", inspect_c1());
  EXPECT_EQ(kept.find("c1", "running"), inspect_c1());
  EXPECT_FALSE(kept.find("c1", "exited"));
  EXPECT_TRUE(kept.knows("site-web-1"));
  kept.lost();
  EXPECT_FALSE(kept.find("c1", "running"));
  kept.keep(kept.now(), "c1", inspect_c1());
  EXPECT_FALSE(kept.find("c1", "running"));
}

TEST(Inspects, AreNotKeptWhereSomethingChangedSinceTheyWereAskedFor) {
  Inspected kept;
  kept.listening();
  const auto asked = kept.now();
  kept.changed("c2");
  kept.keep(asked, "c1", inspect_c1());
  EXPECT_FALSE(kept.find("c1", "running"));
  const auto then = kept.now();
  kept.lost();
  kept.listening();  // what happened between was told to nobody
  kept.keep(then, "c1", inspect_c1());
  EXPECT_FALSE(kept.find("c1", "running"));
}

TEST(Inspects, AreOverWithTheFirstChangeThatIsTold) {
  const std::string ours = R"("com.docker.compose.project":"site",)";
  const std::string of_network =
      R"({"Type":"network","Action":"disconnect","Actor":{"ID":"n1","Attributes":{"container":)"
      R"("c1","name":"site_default","type":"bridge"}}})";
  for (const auto& line :
       {event("update", "site-web-1", ours), event("health_status: unhealthy", "site-web-1", ours),
        of_network, std::string("{cut")}) {
    Shared shared;
    shared.projects.belongs("site", web);
    shared.inspected.listening();
    shared.inspected.keep(shared.inspected.now(), "c1", inspect_c1());
    const auto told = heard(line, shared);
    EXPECT_FALSE(shared.inspected.find("c1", "running")) << line;
    const bool of_health = line.find("health") != std::string::npos;
    EXPECT_EQ(told.empty(), of_health) << line;  // the health alone is no reason to look
    if (line == of_network) {
      EXPECT_THAT(told, ElementsAre("web/production"));
    }
  }
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
  Status exec(const std::string&, const ExecPipes&, Deadline, std::stop_token) override {
    return {};
  }
  Result<std::string> api_version(Deadline) override { return std::string("1.41"); }
  const Clock& clock() const override { return clock_; }

  Status watch() {
    return watch_containers(
        *this, shared, [this](const Heard& what) { told.push_back(shown(what)); },
        stop.get_token());
  }
  bool there = true;
  std::vector<Status> ends;
  std::vector<std::string> asked;
  std::vector<std::string> told;
  std::stop_source stop;
  Shared shared;

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
      "%22%2C%22unpause%22%2C%22rename%22%2C%22update%22%2C%22destroy%22%2C%22health_status%22%2C%"
      "22connect%22%2C%22disconnect%22%5D%2C%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D";
  EXPECT_THAT(engine.asked, ElementsAre("GET /version", events, "GET /version", events));
  EXPECT_THAT(engine.told, ElementsAre("anything", "web/production", "anything", "web/production"));
}

TEST(Events, WhatCutsItOffIsSaid) {
  Telling engine;
  engine.ends = {failure(error("docker.unreachable", "gone").passing()), Status{}};
  EXPECT_EQ(engine.watch().error().message, "gone");
  engine.shared.inspected.keep(engine.shared.inspected.now(), "c1", inspect_c1());
  EXPECT_FALSE(engine.shared.inspected.find("c1", "running"));
  EXPECT_EQ(engine.watch().error().message, "the Engine has ended its stream of events");
  engine.there = false;
  engine.told.clear();
  EXPECT_EQ(engine.watch().error().message, "no Engine");
  EXPECT_THAT(engine.told, IsEmpty());
}

}  // namespace
}  // namespace reconciler::docker
