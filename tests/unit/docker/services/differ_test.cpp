// Two compiled models beside each other.
#include "plugins/docker/services/differ.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace reconciler::docker {
namespace {

using testing::ElementsAre;

class DifferTest : public testing::Test {
 protected:
  static CompiledModel model(const std::string& project, const std::string& tag) {
    CompiledModel out;
    out.project = project;
    Container web;
    web.service = "web";
    web.name = project + "-web-1";
    web.config =
        JsonObject{{"Image", "web:" + tag},
                   {"Env", JsonArray{"DEBUG=0", "PASSWORD=hunter2"}},
                   {"Labels", JsonObject{{"com.docker.compose.project", project}}},
                   {"HostConfig", JsonObject{{"NetworkMode", project + "_default"},
                                             {"Binds", JsonArray{project + "_data:/data"}}}}};
    web.endpoints = {{project + "_default", {}}};
    out.containers.push_back(std::move(web));
    out.networks.push_back(
        {"default", project + "_default",
         JsonObject{{"Name", project + "_default"},
                    {"Labels", JsonObject{{"com.docker.compose.project", project}}}}});
    out.volumes.push_back({"data", project + "_data", JsonObject{{"Name", project + "_data"}}});
    out.images.push_back({"web:" + tag, {"web"}, "web", "inputs", "", ""});
    return out;
  }
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const auto& r : differ(a, b).resources)
      for (const auto& d : r.differences)
        out.push_back(
            fmt::format("{} {}: {} {}|{}", r.id.kind, r.id.name, d.field, d.before, d.after));
    return out;
  }
  CompiledModel a = model("stage", "v1");
  CompiledModel b = model("live", "v1");
};

TEST_F(DifferTest, TheProjectsNameIsNoDifference) {
  EXPECT_THAT(told(), ElementsAre());
}

TEST_F(DifferTest, FieldsAreNamedAndSecretsNotTold) {
  b = model("live", "v2");
  b.containers[0].config.as_object()["Env"] = JsonArray{"DEBUG=1", "PASSWORD=hunter3", "NEW=x"};
  EXPECT_THAT(told(),
              ElementsAre("service web: image web:v1|web:v2", "service web: environment DEBUG |",
                          "service web: environment NEW |", "service web: environment PASSWORD |"));
}

TEST_F(DifferTest, WhatOnlyOneHas) {
  Container worker = a.containers[0];
  worker.service = "worker";
  b.containers.push_back(std::move(worker));
  a.tasks["release"] = a.containers[0];
  b.networks.push_back({"back", "live_back", {}});
  EXPECT_THAT(told(), ElementsAre("service worker: there no|yes", "task release: there yes|no",
                                  "network back: there no|yes"));
}

TEST_F(DifferTest, MountsNetworksAndBuilds) {
  b.containers[0].endpoints.push_back({"live_back", {}});
  b.containers[0].config.as_object()["HostConfig"].as_object()["Binds"] =
      JsonArray{"live_other:/data", "/srv/certs:/certs:ro"};
  b.images[0].inputs = "others";
  EXPECT_THAT(told(),
              ElementsAre("service web: mount /certs none|bind", "service web: mount /data |",
                          "service web: network back not on it|on it",
                          "build web: what it is built from |"));
}

}  // namespace
}  // namespace reconciler::docker
