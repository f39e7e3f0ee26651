#include "plugins/docker/tasks/steps.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "plugins/docker/client/lines.hpp"
#include "plugins/docker/tasks/output.hpp"

namespace reconciler::docker {
namespace {

CompiledModel model() {
  CompiledModel model;
  model.key = "k";
  model.project = "p";
  Container db{.service = "db",
               .number = 1,
               .name = "p-db-1",
               .config = JsonObject{{"Image", "db:1"}},
               .endpoints = {},
               .depends_on = {},
               .job = false,
               .fingerprint = "of web"};
  Container release = db;
  release.service = "release";
  release.endpoints = {{"p_default", {}}, {"p_back", {}}};
  model.containers = {db};
  model.tasks = {{"release", release}};
  return model;
}

Request request(const char* sections) {
  Request request;
  request.id = {"p", "e"};
  request.tag = "v1";
  request.tree.commit = "abc";
  request.sections = *parse_json(sections);
  return request;
}

TEST(Steps, ATaskDeclaresItsCallsAndItsOwnClearingAway) {
  const auto steps =
      steps_of(request(R"({"release": [{"run": "release", "depends_on": ["db"]}]})"), model(), {});
  ASSERT_TRUE(steps);
  const Step& step = steps->steps.at(0);
  EXPECT_EQ(step.once, Once::tag);
  EXPECT_EQ(step.once_key, "p/e/release@v1+abc");
  EXPECT_EQ(step.work.effect, Effect::once);
  EXPECT_EQ(step.work.phase, Phase::release);
  EXPECT_EQ(step.work.calls,
            (std::vector<std::string>{"POST /containers/create p-release-run-*",
                                      "POST /networks/connect p_back p-release-run-*",
                                      "POST /containers/start p-release-run-*"}));
  ASSERT_EQ(step.then.size(), 1U);
  EXPECT_EQ(step.then[0].calls, std::vector<std::string>{"DELETE /containers p-release-run-*"});
  EXPECT_TRUE(steps->required.contains(service_id("db")));
  EXPECT_EQ(steps->steps.back().name, "services");  // always checked
}

TEST(Steps, AllMistakesAreNamedAtOnceWithTheirPlace) {
  const auto steps = steps_of(
      request(R"({"release": [{"run": "relaese"}, {"exec": "db", "command": ["x"], "once": "tag"}],
                                          "verify": {"checks": [{"logs": "db", "forbid": "("}]}})"),
      model(), {});
  ASSERT_FALSE(steps);
  const auto all = flatten(steps.error());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].code, "compose.service_unknown");
  EXPECT_EQ(all[0].message, "no service \"relaese\" at v1");
  EXPECT_EQ(all[0].place.file, "#/release/0/run");
  EXPECT_EQ(all[0].hint, "did you mean \"release\"?");
  EXPECT_EQ(all[1].code, "step.needs_container");
  EXPECT_EQ(all[2].code, "expression.invalid");
}

class Lines final : public Progress {
 public:
  void line(std::string_view text) override { all.emplace_back(text); }
  std::vector<std::string> all;
};

TEST(TaskOutput, HoldsWhatWasSaidAgainstWhatIsExpected) {
  Lines lines;
  Variables variables;
  variables["TAG"] = {Secret("v1"), "", false};
  Output output(*parse_json(R"({"contains": "at ${TAG}", "forbid": "(?i)error", "lines": 2})"),
                variables, lines);
  EXPECT_EQ(output.unmet(), "\"at ${TAG}\" is not in 0 lines");
  output.add("serving at v1");
  EXPECT_EQ(output.unmet(), "1 line, wanted 2");
  output.add("fine");
  EXPECT_EQ(output.unmet(), "");
  output.add("An ERROR");
  EXPECT_EQ(output.unmet(), "forbidden: An ERROR");
  EXPECT_EQ(lines.all.size(), 3U);
}

TEST(TaskOutput, SaysHowFarALongLineWasRead) {
  Lines lines;
  Output output(*parse_json(R"({"contains": "complete"})"), {}, lines);
  const std::function<void(std::string_view)> add = [&](std::string_view line) {
    output.add(line);
  };
  LineReader reader(add);
  reader.set_raw();
  reader.add(std::string(LineReader::longest_line, '-') + " complete\nend\n");
  EXPECT_EQ(
      output.unmet(),
      "\"complete\" is not in 2 lines (1 longer than 64 KiB, and read that far), the last: end");
}

}  // namespace
}  // namespace reconciler::docker
