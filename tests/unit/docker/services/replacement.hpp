// The Docker driver on a simulated Engine, for tests of what it plans and does there.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "plugins/docker/driver.hpp"
#include "tests/simulation/engine.hpp"

namespace reconciler::docker {

using simulation::SimulatedEngine;
using Texts = std::vector<std::string>;

inline const InstallationKey installation_key{std::string(32, 'k')};

class JumpingClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return WallTime(std::chrono::seconds(2'000'000)); }
  bool wait_until(Instant until, std::stop_token) override {
    now_ = std::max(now_, until);
    return true;
  }

 private:
  Instant now_{};
};

/// Compiles to whatever the test says.
class GivenCompiler final : public Compiler {
 public:
  Result<CompiledModel> compile(const CompileInput&, const Variables&, Deadline,
                                std::stop_token) override {
    return model;
  }
  Result<SharedModel> compile_unless(const KnownModels&, const CompileInput&, const Variables&,
                                     Deadline) override {
    return std::make_shared<const CompiledModel>(model);
  }
  Result<CompiledModel> load(const std::string&, const std::string&) override { return model; }
  Result<std::string> config_hash(const CompiledModel&, const Container& container,
                                  const std::map<std::string, std::string>& ids, Deadline,
                                  std::stop_token) override {
    std::string hash = container.service;
    for (const auto& [name, id] : ids) hash += " " + name + "=" + id;
    return hash;
  }
  CompiledModel model;
};

class Quiet final : public Progress {
 public:
  void line(std::string_view) override {}
};

inline Container container(const std::string& service, const std::string& image,
                           const std::string& value) {
  Container one;
  one.service = service;
  one.name = "a-" + service + "-1";
  one.config = JsonObject{
      {"Image", image},
      {"Env", JsonArray{Json("A=" + value)}},
      {"Labels", JsonObject{{"com.docker.compose.project", "a"},
                            {"com.docker.compose.service", service},
                            {"com.docker.compose.container-number", "1"},
                            {"com.docker.compose.oneoff", "False"}}},
      {"HostConfig",
       JsonObject{
           {"RestartPolicy", JsonObject{{"Name", "always"}}},
           {"NetworkMode", "a_default"},
           {"Mounts", JsonArray{Json(JsonObject{{"Type", "volume"}, {"Target", "/anon"}})}}}}};
  one.endpoints = {{"a_default", JsonObject{{"Aliases", JsonArray{Json(service)}}}},
                   {"a_back", JsonObject{}}};
  return one;
}

class Replacement : public testing::Test {
 protected:
  Replacement() {
    engine_.add_image("img:v1", JsonObject{{"Env", JsonArray{Json("I=1")}},
                                           {"Volumes", JsonObject{{"/vol", JsonObject{}}}},
                                           {"Labels", JsonObject{{"from", "image"}}}});
    want("1");
  }

  void want(const std::string& value) {
    CompiledModel model;
    model.key = "key" + value;
    model.project = "a";
    model.containers = {container("db", "img:v1", "same"), container("web", "img:v1", value)};
    model.containers[1].depends_on = {{"db", "service_started", false, true}};
    model.networks = {{"default", "a_default", labelled("default"), false},
                      {"back", "a_back", labelled("back"), false}};
    model.images = {{.reference = "img:v1",
                     .services = {},
                     .build_service = "",
                     .inputs = "",
                     .pull_policy = "",
                     .platform = ""}};
    change(model);
    for (auto& one : model.containers) one.fingerprint = fingerprint_of(one, installation_key);
    compiler_.model = model;
    driver_ = make_docker_driver(engine_, compiler_, clock_, installation_key,
                                 DockerPaths{"", "", "/nonexistent", "", ""});
  }

  /// What a test's stack has besides, or otherwise.
  std::function<void(CompiledModel&)> change = [](CompiledModel&) {};

  /// What is wanted besides the model.
  JsonObject asked;

  static Json labelled(const std::string& key) {
    return JsonObject{{"Labels", JsonObject{{"com.docker.compose.project", "a"},
                                            {"com.docker.compose.network", key}}}};
  }

  Observation look(const Memory& memory = {}) {
    JsonObject wanted{{"model", compiler_.model.key}, {"lineages", JsonArray{"lineage"}}};
    for (const auto& [name, value] : asked) wanted[name] = value;
    auto seen =
        driver_->observe({"a", "p"}, wanted, memory, {}, Deadline(clock_, std::chrono::seconds(1)));
    EXPECT_TRUE(seen) << (seen ? "" : render(seen.error()));
    return seen ? *seen : Observation{};
  }

  /// The works that a plan would have, in its order.
  std::vector<Work> plan(const Memory& memory = {}) {
    std::vector<Work> works;
    for (const auto& r : look(memory).resources) {
      if (r.desired == r.observed) continue;
      const auto aim = r.desired.empty() ? Aim::remove : Aim::match;
      if (const auto found = r.remedies.find(aim); found != r.remedies.end())
        works.insert(works.end(), found->second.begin(), found->second.end());
    }
    std::stable_sort(works.begin(), works.end(),
                     [](const Work& a, const Work& b) { return a.phase < b.phase; });
    return works;
  }

  /// Carries a plan out; false when the Engine died on the way. Every call that changed something
  /// was declared, in order.
  bool apply(const Memory& memory = {}) {
    Texts declared;
    engine_.changes.clear();
    for (const auto& work : plan(memory)) {
      declared.insert(declared.end(), work.calls.begin(), work.calls.end());
      Attempt attempt{std::to_string(++serial_), {"a", "p"}, "lineage", "", work};
      const auto done = driver_->perform(attempt, {}, progress_, {});
      if (!done && engine_.dead()) {
        expect_prefix(declared);
        return false;
      }
      EXPECT_TRUE(done) << (done ? "" : render(done.error()));
    }
    EXPECT_EQ(engine_.changes, declared);
    return true;
  }

  void expect_prefix(const Texts& declared) {
    ASSERT_LE(engine_.changes.size(), declared.size());
    for (size_t i = 0; i < engine_.changes.size(); ++i) EXPECT_EQ(engine_.changes[i], declared[i]);
  }

  std::string value_of(const std::string& name) {
    const auto* one = engine_.named(name);
    return one ? std::string(member(one->body, "Env")->as_array()[0].as_string()) : "none";
  }

  JumpingClock clock_;
  SimulatedEngine engine_{clock_};
  GivenCompiler compiler_;
  std::unique_ptr<Driver> driver_;
  Quiet progress_;
  int serial_ = 0;
};

}  // namespace reconciler::docker
