// The whole way with a Compose of the test's own: what is started, what is cached, what is sealed.
#include "plugins/docker/compose/compiler.hpp"
#include "plugins/docker/compose/invoke.hpp"

#include <filesystem>

#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

using testing::HasSubstr;

// `config` prints MODEL; `up` and `run` ask for one container a service, over DOCKER_HOST.
constexpr const char* fake_compose = R"(#!/usr/bin/python3
import http.client, json, os, socket, sys
here = os.path.dirname(os.path.abspath(__file__))
args = sys.argv[1:]
open(here + "/runs", "a").write(json.dumps({"args": args, "env": dict(os.environ), "cwd": os.getcwd()}) + "\n")
if "config" in args:
    sys.stderr.write(open(here + "/stderr").read())
    sys.stdout.write(open(here + "/model").read())
    sys.exit(int(open(here + "/exit").read() or 0))
model = json.load(sys.stdin)
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["DOCKER_HOST"][len("unix://"):])
def call(method, path, body=None):
    c = Unix("x")
    c.request(method, "/v1.41" + path, json.dumps(body) if body is not None else None)
    r = c.getresponse()
    r.read()
    return r.status
one_off = "run" in args
for name, s in model["services"].items():
    if one_off and name != args[-1]: continue
    made = args[args.index("--name") + 1] if one_off else "%s-%s-1" % (args[args.index("-p") + 1], name)
    call("POST", "/containers/create?name=" + made, {"Image": s["image"], "Env": [k + "=" + v for k, v in s.get("environment", {}).items()],
         "Labels": {"com.docker.compose.service": name, "com.docker.compose.container-number": "1"}, "HostConfig": {}})
for path in model.get("x-ask", []): call("POST", path)
)";

class CompilerTest : public ComposeTest {
 protected:
  CompilerTest() {
    plugin_ = program("docker-compose", fake_compose);
    file("compose.yaml",
         "services:\n  web:\n    image: web:${TAG}\n    environment: {PASS: \"${PASS}\"}\n  job:\n "
         "   image: web:${TAG}\n");
    says(
        R"({"name":"shop","services":{"web":{"image":"web:v1","environment":{"PASS":"hunter2-canary"}},"job":{"image":"web:v1"}}})");
    compiler_ = make_compiler(plugin_, "/run/docker.sock", engine_, key_, clock_);
  }
  void says(const std::string& model, const std::string& stderr_text = "", int code = 0) {
    std::ofstream(top() + "/model") << model;
    std::ofstream(top() + "/stderr") << stderr_text;
    std::ofstream(top() + "/exit") << code;
  }
  Result<CompiledModel> compile(const std::map<std::string, std::string>& values = {
                                    {"TAG", "v1"}, {"PASS", "hunter2-canary"}}) {
    return compiler_->compile(input(sections_), variables(values),
                              Deadline(clock_, std::chrono::seconds(30)));
  }
  std::vector<Json> runs() const {
    std::vector<Json> out;
    std::ifstream in(top() + "/runs");
    for (std::string line; std::getline(in, line);) out.push_back(parse(line));
    return out;
  }
  SystemClock clock_;
  QuietEngine engine_;
  InstallationKey key_{std::string(32, 'k')};
  Json sections_ = parse(R"({"release":[{"name":"job","run":"job","depends_on":["web"]}]})");
  std::string plugin_;
  std::unique_ptr<Compiler> compiler_;
};

TEST_F(CompilerTest, TasksAreNoServices) {
  const auto model = compile();
  ASSERT_TRUE(model) << render(model.error());
  ASSERT_EQ(model->containers.size(), 1U);
  EXPECT_EQ(model->containers[0].name, "shop-web-1");
  EXPECT_EQ(model->tasks.at("job").name, "shop-job-run");
  EXPECT_EQ(model->images.at(0).services, (std::vector<std::string>{"job", "web"}));
  EXPECT_EQ(model->project, "shop");
}

TEST_F(CompilerTest, ComposeGetsNothingThatIsNotItsOwn) {
  ::setenv("RECONCILER_TEST_CANARY", "x", 1);
  ASSERT_TRUE(compile());
  for (const auto& run : runs()) {
    const std::string text = canonical(run);
    EXPECT_THAT(canonical(*member(run, "args")), testing::Not(HasSubstr("hunter2")));
    EXPECT_THAT(text, testing::Not(HasSubstr("RECONCILER_TEST_CANARY")));
    EXPECT_THAT(text_at(run, "cwd"), testing::StartsWith("/tmp/reconciler-"));
    EXPECT_EQ(text_at(*member(run, "env"), "PATH"), text_at(run, "cwd"));
    EXPECT_EQ(text_at(*member(run, "env"), "DOCKER_CONFIG"), text_at(run, "cwd"));
  }
  EXPECT_EQ(runs().size(), 3U);  // config, up, run
}

TEST_F(CompilerTest, NothingNewStartsNoProcess) {
  const auto first = compile();
  ASSERT_TRUE(first);
  const size_t before = runs().size();
  engine_.asked.clear();
  const auto second = compile();
  ASSERT_TRUE(second);
  EXPECT_EQ(runs().size(), before);
  EXPECT_TRUE(engine_.asked.empty());
  EXPECT_EQ(canonical(to_json(*first)), canonical(to_json(*second)));
  EXPECT_EQ(compiler_->load(top() + "/cache", first->key)->project, "shop");
}

TEST_F(CompilerTest, AModelThatIsKnownIsNeitherReadNorMade) {
  const auto first = compile();
  ASSERT_TRUE(first);
  const auto known = std::make_shared<const CompiledModel>(*first);
  const auto ask = [&](const std::string& password) {
    const KnownModels models = [&](const std::string& key) {
      return key == known->key ? known : nullptr;
    };
    return compiler_->compile_unless(models, input(sections_),
                                     variables({{"TAG", "v1"}, {"PASS", password}}),
                                     Deadline(clock_, std::chrono::seconds(30)));
  };
  std::filesystem::remove_all(top() + "/cache");
  const size_t before = runs().size();
  EXPECT_EQ(ask("hunter2-canary").value(), known);
  EXPECT_EQ(runs().size(), before);
  EXPECT_NE(ask("other").value()->key, known->key);
  EXPECT_GT(runs().size(), before);
}

TEST_F(CompilerTest, EveryInputCounts) {
  const auto first = compile();
  ASSERT_TRUE(first);
  const auto changed = [&] { return compile()->key != first->key; };
  EXPECT_NE(compile({{"TAG", "v1"}, {"PASS", "other"}})->key, first->key);
  EXPECT_FALSE(changed());
  engine_.api = "1.51";
  EXPECT_TRUE(changed());
  engine_.api = "1.41";
  std::ofstream(plugin_, std::ios::app) << "# newer\n";
  EXPECT_TRUE(changed());
}

TEST_F(CompilerTest, TheCacheIsSealed) {
  const auto model = compile();
  ASSERT_TRUE(model);
  const std::string path = top() + "/cache/" + model->key;
  EXPECT_THAT(*read_file(path), testing::Not(HasSubstr("hunter2-canary")));
  EXPECT_THAT(boost::json::serialize(to_json(*model)), HasSubstr("hunter2-canary"));
  struct stat s {};
  ::stat(path.c_str(), &s);
  EXPECT_EQ(s.st_mode & 0777, 0600U);
  const auto other =
      make_compiler(plugin_, "", engine_, InstallationKey{std::string(32, 'x')}, clock_);
  EXPECT_EQ(other->load(top() + "/cache", model->key).error().code, "seal.broken");
  EXPECT_EQ(compiler_->load(top() + "/cache", "none").error().code, "cache.missing");
}

TEST_F(CompilerTest, AnObjectThatIsGoneIsMadeAgain) {
  file("n.conf", "x");
  says(
      R"({"name":"shop","services":{"web":{"image":"web:v1","volumes":[{"type":"bind","source":")" +
      root() + R"(/n.conf","target":"/n"}]},"job":{"image":"web:v1"}}})");
  const auto model = compile();
  ASSERT_TRUE(model) << render(model.error());
  const std::string object = model->sources.begin()->first;
  ASSERT_TRUE(remove_tree(object));
  ASSERT_TRUE(compile());
  EXPECT_TRUE(exists(object));
}

TEST_F(CompilerTest, UnsetVariablesAreNamedAtOnceWithTheirLines) {
  says("{}",
       "time=\"x\" level=warning msg=\"The \\\"TAG\\\" variable is not set. Defaulting to a blank "
       "string.\"\n"
       "time=\"x\" level=warning msg=\"The \\\"PASS\\\" variable is not set. Defaulting to a blank "
       "string.\"\n");
  EXPECT_EQ(render(compile({}).error()),
            "error compose.variable_unset: 2 variables that the compose files of shop/production "
            "use have no value\n"
            "  PASS  not set      compose.yaml:4  web\n"
            "  TAG   not set      compose.yaml:3  web, compose.yaml:6  job\n"
            "  next  set them under `variables:`, have a provider say them, or write ${NAME:-} "
            "where empty is meant\n");
}

TEST_F(CompilerTest, ComposesWordsComeWithoutSecrets) {
  says("", "services.web.ports: invalid hunter2-canary\n", 15);
  const auto e = compile().error();
  EXPECT_EQ(e.code, "compose.invalid");
  EXPECT_EQ(e.message, "Compose refuses the compose files: services.web.ports: invalid ‹PASS›");
  says("", "required variable DB is missing a value: say it\n", 1);
  EXPECT_EQ(compile().error().code, "compose.variable_required");
}

TEST_F(CompilerTest, WhatComposeDidSoFarIsNotItsReason) {
  EXPECT_EQ(words_of(" Network shop_default  Creating\n Container shop-web-1  Created\n"
                     "time=\"x\" level=warning msg=\"y\"\n\nno such thing\n"),
            "no such thing");
}

TEST_F(CompilerTest, DevicesThatComposeWritesAsGoDoesAreReadBack) {
  says(
      R"({"name":"shop","services":{"web":{"image":"web:v1","blkio_config":{"weight":3,"device_read_bps":[{"Path":"/dev/a","Rate":"1"}]}},"job":{"image":"web:v1"}}})");
  const auto model = compile();
  ASSERT_TRUE(model);
  EXPECT_EQ(canonical(model->resolved.at("services").at("web").at("blkio_config")),
            R"({"device_read_bps":[{"path":"/dev/a","rate":"1"}],"weight":3})");
}

TEST_F(CompilerTest, WhatComposeAsksForBeyondTheRecordIsRefused) {
  says(
      R"({"name":"shop","services":{"web":{"image":"web:v1"},"job":{"image":"web:v1"}},"x-ask":["/build?x=1"]})");
  EXPECT_EQ(compile().error().message,
            "Compose asked the Engine for POST /build, which cannot be carried out yet");
}

TEST_F(CompilerTest, AServiceThatIsNotThereIsNamedWithItsPointer) {
  sections_ = parse(R"({"release":[{"run":"jbo"}],"compose":{"jobs":["none"]}})");
  EXPECT_THAT(messages(compile().error()),
              testing::ElementsAre(
                  "#/release/0/run:0: compose.service_unknown: no service \"jbo\" at v1",
                  "#/compose/jobs/0:0: compose.service_unknown: no service \"none\" at v1"));
}

TEST_F(CompilerTest, VariablesThatSteerComposeAreRefused) {
  for (const char* name : {"COMPOSE_FILE", "LD_PRELOAD", "DOCKER_HOST", "GODEBUG", "PATH"}) {
    const auto model = compile({{name, "x"}});
    ASSERT_FALSE(model) << name;
    EXPECT_EQ(model.error().code, "compose.env_redirect") << name;
  }
  EXPECT_EQ(compile({{"COMPOSE_PROJECT_NAME", "victim"}}).error().message,
            "COMPOSE_PROJECT_NAME disagrees with the project \"shop\"");
  EXPECT_TRUE(runs().empty());
}

TEST_F(CompilerTest, AProviderRunsNothing) {
  file("compose", "#!/bin/sh\necho ran > " + top() + "/canary\n", true);
  file("compose.yaml", "services:\n  web:\n    provider: {type: sh}\n");
  const auto e = compile().error();
  EXPECT_EQ(render(e),
            "compose.yaml:3:5: error compose.unsupported: web.provider is not supported\n"
            "    3 |     provider: {type: sh}\n"
            "      |     ^^^^^^^^ take it out\n");
  EXPECT_TRUE(runs().empty());
  EXPECT_FALSE(exists(top() + "/canary"));
}

}  // namespace
}  // namespace reconciler::docker
