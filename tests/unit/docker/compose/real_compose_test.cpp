// With Compose itself, for each path in RECONCILER_TEST_COMPOSE (`:` between them); no Engine is
// needed.
#include "reconciler/base/text.hpp"
#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

std::vector<std::string> plugins() {
  const char* text = std::getenv("RECONCILER_TEST_COMPOSE");
  return text && *text ? split(text, ':') : std::vector<std::string>();
}

constexpr const char* stack_text = R"(services:
  db:
    image: db:${TAG}
    command: [serve, "$$HOME"]
    environment: [B=2, A=1, "PASS=${PASS}"]
    env_file: [app.env]
    blkio_config: {weight_device: [{path: /dev/null, weight: 10}], device_read_bps: [{path: /dev/null, rate: 1mb}]}
    volumes: ["data:/data", "/anonymous", "./media:/media", "./conf/db.conf:/etc/db.conf"]
    healthcheck: {test: [CMD, "true"], interval: 2s, retries: 5, start_period: 10s}
  web:
    build: {context: ./web, args: {TAG: "${TAG}"}}
    depends_on: {db: {condition: service_healthy}, init: {condition: service_completed_successfully}, gone: {condition: service_started, required: false}}
    ports: ["127.0.0.1:18080:80", "9000"]
    networks: {front: {aliases: [site]}, back: {}}
    secrets: [key]
    cap_add: [SETUID, CHOWN]
    ulimits: {nproc: 50, nofile: {soft: 100, hard: 200}}
    extra_hosts: ["h1:1.2.3.4"]
  init: {image: "db:${TAG}"}
  gone: {image: x, profiles: [never]}
  release: {image: "db:${TAG}", profiles: [release], pull_policy: always, depends_on: [db], networks: [back]}
networks: {front: , back: }
volumes: {data: }
secrets: {key: {file: ./conf/key.pem}}
)";

class RealComposeTest : public ComposeTest {
 protected:
  void SetUp() override {
    if (plugins().empty()) GTEST_SKIP() << "RECONCILER_TEST_COMPOSE names no docker-compose";
  }
  Result<CompiledModel> compile(const std::string& plugin) {
    const auto compiler =
        make_compiler(plugin, "/run/docker.sock", engine_, {std::string(32, 'k')}, clock_);
    auto in = input(parse(R"({"release":[{"run":"release","depends_on":["db"]}]})"));
    return compiler->compile(in, variables({{"TAG", "v1"}, {"PASS", "a$b ‘c’"}}),
                             Deadline(clock_, std::chrono::seconds(60)));
  }
  static std::vector<std::pair<std::string, std::string>> pairs() {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& plugin : plugins())
      for (const char* api : {"1.41", "1.45", "1.51"}) out.emplace_back(plugin, api);
    return out;
  }
  void whole_stack() {
    file("compose.yaml", stack_text);
    file("app.env", "FROM_FILE=yes\n");
    file("conf/db.conf", "x");
    file("conf/key.pem", "k");
    file("web/Dockerfile", "FROM scratch\n");
  }
  SystemClock clock_;
  QuietEngine engine_;
};

/// What differs between versions of Compose and not in what runs: its labels, and volumes as binds
/// or as mounts.
std::string evened_out(const CompiledModel& model) {
  std::string out;
  const auto add = [&](const Container& container) {
    Json config = container.config;
    auto& labels = config.at("Labels").as_object();
    for (const char* name : {"config-hash", "version", "container-number"})
      labels.erase("com.docker.compose." + std::string(name));
    auto& host = config.at("HostConfig").as_object();
    std::vector<std::string> mounts = texts_at(host, "Binds");
    for (auto& bind : mounts)
      bind = bind.substr(
          0, bind.rfind(":rw") == std::string::npos ? std::string::npos : bind.rfind(":rw"));
    if (host["Mounts"].is_array())
      for (const auto& mount : host["Mounts"].as_array())
        mounts.push_back(text_at(mount, "Source") + ":" + text_at(mount, "Target") +
                         (truth_at(mount, "ReadOnly") ? ":ro" : ""));
    std::sort(mounts.begin(), mounts.end());
    if (host["CapAdd"].is_array())
      for (auto& capability : host["CapAdd"].as_array())
        if (const std::string name(capability.as_string()); name.starts_with("CAP_"))
          capability = name.substr(4);
    host.erase("Binds");
    host.erase("Mounts");
    out += container.name + " " + canonical(config) + " " + join(mounts, ", ") + "\n";
    for (const auto& endpoint : container.endpoints)
      out += "  " + endpoint.network + " " + canonical(endpoint.config) + "\n";
  };
  for (const auto& container : model.containers) add(container);
  for (const auto& [name, task] : model.tasks) add(task);
  for (const auto& network : model.networks) out += network.name + "\n";
  for (const auto& volume : model.volumes) out += volume.name + "\n";
  return out;
}

TEST_F(RealComposeTest, VersionsGiveEqualModels) {
  whole_stack();
  std::map<std::string, std::string> first;
  for (const auto& [plugin, api] : pairs()) {
    engine_.api = api;
    const auto model = compile(plugin);
    ASSERT_TRUE(model) << plugin << ": " << render(model.error());
    std::vector<std::string> order;
    for (const auto& container : model->containers) order.push_back(container.service);
    EXPECT_EQ(order, (std::vector<std::string>{"db", "init", "web"}));
    EXPECT_TRUE(model->containers[1].job);
    EXPECT_EQ(model->project, "shop");
    EXPECT_EQ(model->patience, std::chrono::seconds(10 + 5 * 32));
    EXPECT_THAT(texts_at(model->containers[0].config, "Env"),
                testing::ElementsAre("A=1", "B=2", "FROM_FILE=yes", "PASS=a$b ‘c’"));
    EXPECT_THAT(texts_at(model->containers[0].config, "Cmd"),
                testing::ElementsAre("serve", "$HOME"));
    EXPECT_THAT(model->data_folders, testing::ElementsAre(top() + "/data/media"));
    const std::string now = evened_out(*model);
    if (first[api].empty()) first[api] = now;
    EXPECT_EQ(first[api], now) << plugin << " " << api;
    EXPECT_EQ(model->containers[2].endpoints.size(), 2U) << plugin << " " << api;
  }
}

TEST_F(RealComposeTest, TheSameModelEachTime) {
  whole_stack();
  for (const auto& plugin : plugins()) {
    std::string first;
    for (int i = 0; i < 4; ++i) {
      (void)remove_tree(top() + "/cache");
      const auto model = compile(plugin);
      ASSERT_TRUE(model) << render(model.error());
      const std::string now = canonical(to_json(*model));
      if (first.empty()) first = now;
      EXPECT_EQ(first, now) << plugin;
    }
  }
}

/// What is copied in, hooks, platforms, replicas, links and namespaces, from each version alike.
TEST_F(RealComposeTest, WhatIsNoPartOfACreateBodyIsInTheModel) {
  file("compose.yaml", R"(services:
  web:
    image: x
    platform: linux/arm64
    configs: [{source: said, target: /etc/said, mode: 0440, uid: "3"}]
    secrets: [key]
    post_start: [{command: [sh, -c, "echo $$A"], user: root}]
    pre_stop: [{command: ["true"]}]
    deploy: {replicas: 2}
  none: {image: x, scale: 0}
  side: {image: x, network_mode: "service:web", pid: "service:web", volumes_from: [web]}
  linked: {image: x, links: ["web:partner"]}
configs: {said: {content: "for $$5"}}
secrets: {key: {environment: PASS}}
)");
  std::string files;
  for (const auto& [plugin, api] : pairs()) {
    engine_.api = api;
    (void)remove_tree(top() + "/cache");
    const auto compiler =
        make_compiler(plugin, "/run/docker.sock", engine_, {std::string(32, 'k')}, clock_);
    const auto model = compiler->compile(input(), variables({{"PASS", "a$b"}}),
                                         Deadline(clock_, std::chrono::seconds(60)));
    ASSERT_TRUE(model) << plugin << api << render(model.error());
    std::map<std::string, const Container*> made;
    for (const auto& one : model->containers) made[one.name] = &one;
    ASSERT_EQ(made.size(), 4U);
    const Container& web = *made.at("shop-web-1");
    EXPECT_EQ(web.platform, "linux/arm64");
    EXPECT_EQ(web.files,
              (std::vector<ArchivedFile>{{"/etc/said", 0440, 3, 0, "for $5", true},
                                         {"/run/secrets/key", 0444, 0, 0, "a$b", false}}));
    EXPECT_EQ(web.post_start.size(), 1U);
    EXPECT_EQ(web.pre_stop.size(), 1U);
    EXPECT_FALSE(text_at(member_or_null(web.config, "Labels"), files_label).empty());
    const Json& host = member_or_null(made.at("shop-side-1")->config, "HostConfig");
    EXPECT_EQ(text_at(host, "NetworkMode"), "container:@service:web:1");
    EXPECT_EQ(texts_at(host, "VolumesFrom"), std::vector<std::string>{"@service:web:1"});
    // A container that refers to others has the hash of their ids.
    const auto one = compiler->config_hash(*model, *made.at("shop-side-1"),
                                           {{"shop-web-1", std::string(64, 'a')}},
                                           Deadline(clock_, std::chrono::seconds(60)));
    const auto other = compiler->config_hash(*model, *made.at("shop-side-1"),
                                             {{"shop-web-1", std::string(64, 'b')}},
                                             Deadline(clock_, std::chrono::seconds(60)));
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->size(), 64U);
    EXPECT_NE(*one, *other);
  }
}

/// A key that this Compose leaves out of what it asks for is an error, not a container without it.
TEST_F(RealComposeTest, KeysThatItDropsAreSaid) {
  file("compose.yaml", "services: {a: {image: x, gpus: all}}\n");
  for (const auto& [plugin, api] : pairs()) {
    engine_.api = api;
    (void)remove_tree(top() + "/cache");
    const auto compiler =
        make_compiler(plugin, "/run/docker.sock", engine_, {std::string(32, 'k')}, clock_);
    const auto model = compiler->compile(input(), {}, Deadline(clock_, std::chrono::seconds(60)));
    ASSERT_FALSE(model);
    const bool drops = model.error().code == "compose.too_old";
    // What it does not drop is for the policy to allow.
    EXPECT_TRUE(drops || model.error().code == "compose.policy_denied") << render(model.error());
    if (drops) {
      EXPECT_NE(model.error().message.find("a.gpus"), std::string::npos);
    }
  }
}

TEST_F(RealComposeTest, BadInputHasItsCode) {
  for (const auto& plugin : plugins()) {
    for (const auto& [text, code] : std::map<std::string, std::string>{
             {"services: {a: {image: \"x:${MISSING}\"}}\n", "compose.variable_unset"},
             {"services: {a: {image: \"x:${MISSING:?say it}\"}}\n", "compose.variable_required"},
             {"services: {}\n", "compose.no_services"},
             {"services: {a: {image: x, container_name: twice}, b: {image: x, container_name: "
              "twice}}\n",
              "compose.name_conflict"},
             {"services: {a: {image: x, ports: nonsense}}\n", "compose.invalid"},
             {"services: {a: {image: x, volumes: [\"~/x:/y\"]}}\n", "compose.variable_unset"},
             {"services: {a: {image: x, volumes: [\"${HOME}/x:/y\"]}}\n", "compose.variable_unset"},
             {"services: {a: {image: x, privileged: true}}\n", "compose.policy_denied"},
             {"services: {a: {image: x, isolation: default}}\n", "compose.unsupported"},
             {"services: {a: {image: x, network_mode: 'container:b'}}\n", "compose.unsupported"},
             {"services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {environment: MISSING}}\n",
              "compose.variable_unset"},
             {"services: {a: {image: x, volumes: [\"./x.conf:/y\"]}}\n", "compose.source_missing"},
             {"services: {a: {image: x, volumes: [\"./Dockerfile:/y:Z\"]}}\n",
              "compose.unsupported"}}) {
      file("Dockerfile", "FROM scratch\n");
      file("compose.yaml", text);
      const auto compiler =
          make_compiler(plugin, "/run/docker.sock", engine_, {std::string(32, 'k')}, clock_);
      const auto model = compiler->compile(input(), {}, Deadline(clock_, std::chrono::seconds(60)));
      ASSERT_FALSE(model) << text;
      EXPECT_EQ(model.error().code, code) << plugin << " " << text << render(model.error());
    }
  }
}

}  // namespace
}  // namespace reconciler::docker
