#include "plugins/docker/compose/allow_list.hpp"

#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AllowListTest : public ComposeTest {
 protected:
  std::vector<std::string> written(const std::string& yaml) {
    file("compose.yaml", yaml);
    std::vector<std::string> out;
    for (const auto& e : check_written(good_stack()))
      for (auto& one : messages(e)) out.push_back(std::move(one));
    return out;
  }
  std::vector<std::string> resolved(const std::string& yaml, const std::string& model) {
    file("compose.yaml", yaml);
    std::vector<std::string> out;
    for (const auto& e : check_resolved(parse(model), good_stack()))
      for (auto& one : messages(e)) out.push_back(std::move(one));
    return out;
  }
};

TEST_F(AllowListTest, KeysThatRunProgramsAreRefusedAsTheyAreWritten) {
  EXPECT_THAT(written("services:\n"
                      "  a:\n"
                      "    provider: {type: sh}\n"
                      "    use_api_socket: true\n"
                      "    models: [m]\n"
                      "    invented: 1\n"
                      "    image: x\n"
                      "    env_file: []\n"
                      "    x-mine: 1\n"
                      "models: {m: {model: y}}\n"
                      "x-all: 1\n"),
              ElementsAre("compose.yaml:10: compose.unsupported: models is not supported",
                          "compose.yaml:3: compose.unsupported: a.provider is not supported",
                          "compose.yaml:4: compose.unsupported: a.use_api_socket is not supported",
                          "compose.yaml:5: compose.unsupported: a.models is not supported",
                          "compose.yaml:6: compose.unsupported: a.invented is not supported"));
}

TEST_F(AllowListTest, WhatCannotBeCarriedOutIsRefusedWhereItStands) {
  EXPECT_THAT(
      resolved("services:\n"
               "  a:\n"
               "    network_mode: container:other\n"
               "    volumes_from: ['container:other']\n"
               "    volumes:\n"
               "      - {type: image, source: x, target: /y}\n"
               "    build:\n"
               "      context: .\n"
               "      ssh: [default]\n",
               R"({"name":"p","services":{"a":{"network_mode":"container:other",
                 "volumes_from":["container:other"],"deploy":{"replicas":2},
                 "volumes":[{"type":"image","source":"x","target":"/y"}],"links":["b"],
                 "post_start":[{"command":["x"],"invented":1}],
                 "build":{"context":"/t","ssh":["default"]}}},"secrets":{"s":{"environment":"T"}}})"),
      ElementsAre("compose.yaml:9: compose.unsupported: a.build.ssh is not supported",
                  "compose.yaml:5: compose.unsupported: a.volumes.type: image is not supported",
                  "compose.yaml:3: compose.unsupported: a.network_mode: container:other is not "
                  "supported: a container outside of the stack cannot be followed when it is "
                  "replaced",
                  "compose.yaml:4: compose.unsupported: a.volumes_from: container:other is not "
                  "supported: a container outside of the stack cannot be followed when it is "
                  "replaced",
                  "compose.yaml:2: compose.unsupported: a.post_start.invented is not supported"));
}

TEST_F(AllowListTest, LabelsInOurNameAreRefused) {
  EXPECT_THAT(
      resolved(
          "services: {a: {image: x, labels: {reconciler.lineage: y}}}\n",
          R"({"services":{"a":{"image":"x","labels":{"reconciler.lineage":"y","mine":"z"}}}})"),
      ElementsAre("compose.yaml:1: compose.unsupported: a.labels: reconciler.lineage is not "
                  "supported: labels of that name are ours"));
}

TEST_F(AllowListTest, WhatIsSupportedPasses) {
  EXPECT_THAT(
      resolved(
          "services: {a: {image: x}}\n",
          R"({"name":"p","services":{"a":{"image":"x","command":null,"entrypoint":null,"cap_add":["SYS_ADMIN"],
                 "depends_on":{"b":{"condition":"service_healthy","required":true,"restart":true}},
                 "deploy":{"resources":{"limits":{"cpus":0.5,"memory":"1"}},"placement":{}},
                 "healthcheck":{"test":["CMD","x"],"interval":"1s"},"networks":{"default":null,"back":{"aliases":["x"]}},
                 "volumes":[{"type":"bind","source":"/t/x","target":"/x","bind":{"create_host_path":true}},
                            {"type":"volume","source":"v","target":"/v","volume":{}}],"x-note":{"anything":1}}},
                 "networks":{"default":{"name":"p_default","ipam":{}}},"volumes":{"v":{"name":"p_v"}},"x-top":1})"),
      IsEmpty());
}

}  // namespace
}  // namespace reconciler::docker
