// The way back: the very container that ran before serves again; where it is gone, it is made again
// from what was sealed of it. Cut anywhere, the next plan goes on from a look alone.
#include <gmock/gmock.h>

#include "plugins/docker/services/git_object.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "tests/unit/docker/services/go_back.hpp"

namespace reconciler::docker {
namespace {

TEST_F(GoBack, TheVeryContainerServesAgain) {
  deploy("1");
  record("v1");
  const auto before = engine_.named("a-web-1")->id;
  fail("2");
  want("1");
  const auto works = plan(memory);
  ASSERT_EQ(works.size(), 2U);
  EXPECT_EQ(
      works[0].calls,
      (Texts{"POST /containers/stop a-web-1", "POST /containers/rename a-web-1 a-web-1.failed",
             "POST /containers/rename a-web-1.prev a-web-1",
             "POST /containers/update a-web-1.failed", "POST /containers/update a-web-1",
             "POST /containers/start a-web-1"}));
  EXPECT_EQ(works[1].calls, Texts{"DELETE /containers a-web-1.failed"});
  ASSERT_TRUE(apply(memory));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
  EXPECT_EQ(engine_.named("a-web-1")->restart_policy, "always");
  EXPECT_TRUE(plan(memory).empty());
}

TEST_F(GoBack, OneThatSomebodyPausedGivesItsPortBackAndGoes) {
  change = [](CompiledModel& model) {
    model.images[0].services = {"db", "web"};
    model.containers[1].config.as_object()["HostConfig"].as_object()["PortBindings"] =
        JsonObject{{"80/tcp", JsonArray{Json(JsonObject{{"HostIp", ""}, {"HostPort", "80"}})}}};
  };
  deploy("1");
  record("v1");
  const auto before = engine_.named("a-web-1")->id;
  fail("2");
  engine_.named("a-web-1")->state = "paused";
  want("1");
  ASSERT_TRUE(apply(memory));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
  EXPECT_TRUE(plan(memory).empty());
}

TEST_F(GoBack, WhoIsMadeAnewGoesOnWithTheDataOfTheOneThatWasPutAside) {
  deploy("1");
  record("v1");
  const auto volumes = engine_.named("a-web-1")->anonymous;
  ASSERT_FALSE(volumes.empty());
  fail("2");
  want("1");
  ASSERT_TRUE(
      driver_->perform({"9", {"a", "p"}, "lineage", "", plan(memory).front()}, {}, progress_, {}));
  ASSERT_TRUE(engine_.named("a-web-1.failed"));
  engine_.containers.erase(engine_.named("a-web-1")->id);  // docker rm -f
  while (!plan(memory).empty()) ASSERT_TRUE(apply(memory));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
}

TEST_F(GoBack, CutAtAnyCallItIsTheVeryContainerAllTheSame) {
  cut_at_any_call("always");
}

/// One that ended with 0 looks as if it were through with its work.
TEST_F(GoBack, CutAtAnyCallOneThatStopsCleanlyIsStartedAllTheSame) {
  engine_.exit_code_of_stopped = 0;
  for (const std::string policy : {"always", "unless-stopped", "on-failure", "no"}) {
    SCOPED_TRACE(policy);
    change = [policy](CompiledModel& model) {
      model.images[0].services = {"db", "web"};
      model.containers[1].config.as_object()["HostConfig"].as_object()["RestartPolicy"] =
          JsonObject{{"Name", policy}};
    };
    cut_at_any_call(policy);
  }
}

TEST_F(GoBack, CutAndThenAskedForAnotherVersionItGoesThereWithTheData) {
  for (size_t n = 0; n < 7; ++n) {
    SCOPED_TRACE(n);
    deploy("1");
    record("v1");
    const auto volumes = engine_.named("a-web-1")->anonymous;
    fail("2");
    want("1");
    engine_.die_at(n, true);
    apply(memory);
    engine_.revive();
    deploy("3");
    EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
    EXPECT_EQ(value_of("a-web-1"), "A=3");
    EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
  }
}

TEST_F(GoBack, ARestartPolicyAloneIsGivenBackWithoutAnotherContainer) {
  deploy("1");
  const auto before = engine_.named("a-web-1")->id;
  engine_.named("a-web-1")->restart_policy = "no";
  const auto works = plan(memory);
  ASSERT_EQ(works.size(), 1U);
  EXPECT_EQ(works[0].calls, Texts{"POST /containers/update a-web-1"});
  EXPECT_EQ(works[0].verb, "start");
  ASSERT_TRUE(apply(memory));
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
  EXPECT_TRUE(plan(memory).empty());
}

TEST_F(GoBack, FromTheRecordsAloneNothingDiffers) {
  deploy("1");
  keep();
  auto prepared = restored();
  ASSERT_TRUE(prepared) << render(prepared.error());
  EXPECT_EQ(text_at(prepared->wanted, "model"), "kept-key1") << "the other one can be built from";
  EXPECT_TRUE(plan_of(prepared->wanted).empty());
}

TEST_F(GoBack, WhatIsGoneIsMadeAgainFromTheRecordsWithItsVolumes) {
  deploy("1");
  keep();
  const auto volumes = engine_.named("a-web-1")->anonymous;
  fail("2");
  for (const auto* name : {"a-web-1.prev", "a-web-1"})
    engine_.containers.erase(engine_.named(name)->id);
  auto prepared = restored();
  ASSERT_TRUE(prepared) << render(prepared.error());
  perform_all(plan_of(prepared->wanted));
  EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
  EXPECT_EQ(value_of("a-web-1"), "A=1");
  EXPECT_EQ(engine_.named("a-web-1")->anonymous, volumes);
  EXPECT_TRUE(plan_of(prepared->wanted).empty());
}

/// A person connected it to a network that no compose file names.
class AddedNetwork : public GoBack {
 protected:
  AddedNetwork() {
    deploy("1");
    engine_.networks["monitoring"] = JsonObject{{"Name", "monitoring"}, {"Id", "mon-1"}};
    const Json body =
        JsonObject{{"Container", engine_.named("a-web-1")->id}, {"EndpointConfig", JsonObject{}}};
    EXPECT_TRUE(static_cast<Engine&>(engine_).change("POST", "/networks/monitoring/connect", &body,
                                                     Deadline(clock_, std::chrono::seconds(1))));
    keep();
    fail("2");
    EXPECT_TRUE(engine_.named("a-web-1")->networks.contains("monitoring")) << "carried over";
  }
  void go_back() {
    auto prepared = restored(true);
    ASSERT_TRUE(prepared) << render(prepared.error());
    perform_all(plan_of(prepared->wanted));
    EXPECT_EQ(engine_.names(), (Texts{"a-db-1:running", "a-web-1:running"}));
    EXPECT_EQ(value_of("a-web-1"), "A=1");
    EXPECT_TRUE(plan_of(prepared->wanted).empty());
  }
};

TEST_F(AddedNetwork, WhileItIsThereTheVeryContainerServesAgain) {
  const auto before = engine_.named("a-web-1.prev")->id;
  go_back();
  EXPECT_EQ(engine_.named("a-web-1")->id, before);
}

TEST_F(AddedNetwork, OnceItIsGoneTheContainerIsMadeAgainWithoutIt) {
  engine_.named("a-web-1")->state = "exited";
  engine_.networks.erase("monitoring");
  go_back();
  EXPECT_FALSE(engine_.named("a-web-1")->networks.contains("monitoring"));
}

/// A file of the tree that the container mounts, and that somebody edits.
class MountedFile : public GoBack {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_folders(folder + "/tree", 0700));
    ASSERT_TRUE(make_folders(folder + "/objects", 0700));
    write("tree/web.conf", "as committed\n");
    const auto oid = *git_object_id(folder + "/tree/web.conf");
    object = "objects/" + oid;
    write(object, "as committed\n");
    write("index",
          canonical(JsonArray{JsonObject{{"path", "web.conf"}, {"mode", "100644"}, {"oid", oid}}}));
    change = [this](CompiledModel& model) {
      model.images[0].services = {"db", "web"};
      model.sources = {{folder + "/" + object, "web.conf"}};
      model.containers[1].config.as_object()["HostConfig"].as_object()["Binds"] =
          JsonArray{Json(folder + "/" + object + ":/etc/web.conf:ro")};
    };
    deploy("1");
    keep();
    fail("2");
    write(object, "as edited\n");
  }
  void TearDown() override { (void)remove_tree(folder); }
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(replace_file(folder + "/" + name, text, 0644));
  }
  Result<Prepared> restored_with_tree() {
    (void)restored();  // a process that knows nothing yet
    return driver_->restore(
        {{"a", "p"},
         "lineage",
         "v1",
         JsonObject{{"model", "key1"},
                    {"lineages", JsonArray{"lineage"}},
                    {"version", JsonObject{{"tree", JsonObject{{"path", folder + "/tree"},
                                                               {"index", folder + "/index"}}}}}},
         {},
         kept,
         true},
        Deadline(clock_, std::chrono::seconds(1)));
  }

  std::string folder = "/dev/shm/reconciler-mounted-" + to_hex(random_bytes(8));
  std::string object;
};

TEST_F(MountedFile, ThatWasEditedIsMadeAnewFromItsTree) {
  auto prepared = restored_with_tree();
  ASSERT_TRUE(prepared) << render(prepared.error());
  perform_all(plan_of(prepared->wanted));
  EXPECT_EQ(*read_file(folder + "/" + object, 100, false), "as committed\n");
  EXPECT_EQ(value_of("a-web-1"), "A=1");
  EXPECT_TRUE(plan_of(prepared->wanted).empty());
}

TEST_F(MountedFile, ThatCannotBeMadeAnewIsSaidBeforeAnythingBegins) {
  write("tree/web.conf", "edited, too\n");
  auto prepared = restored_with_tree();
  ASSERT_FALSE(prepared);
  EXPECT_EQ(render(prepared.error()),
            "error object.harmed: the file web.conf that was mounted then was changed by hand, and "
            "it was changed in its tree as well\n  next  commit a tag\n");
  ASSERT_TRUE(remove_tree(folder + "/tree"));
  prepared = restored_with_tree();
  ASSERT_FALSE(prepared);
  EXPECT_EQ(
      prepared.error().message,
      "the file web.conf that was mounted then was changed by hand, and its tree is gone from "
      "the state folder");
}

TEST_F(GoBack, ARecordThatIsMissingOrHarmedIsSaid) {
  deploy("1");
  keep();
  kept.erase(id("service", "web"));
  auto prepared = restored();
  ASSERT_FALSE(prepared);
  EXPECT_EQ(render(prepared.error()),
            "error rollback.not_kept: nothing was kept of how web of v1 was made\n"
            "  next  commit a tag for a/p\n");
}

}  // namespace
}  // namespace reconciler::docker
