#include "plugins/docker/compose/additions.hpp"

#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

using testing::ElementsAre;

class AdditionsTest : public ComposeTest {
 protected:
  AdditionsTest() { file("compose.yaml", "services: {a: {image: x, read_only: true}}\n"); }
  Result<std::vector<ArchivedFile>> files(const std::string& service, const std::string& rest,
                                          const std::map<std::string, std::string>& values = {}) {
    return archived_files(parse(R"({"services":{"a":)" + service + "}," + rest + "}"), "a",
                          variables(values), good_stack());
  }
};

TEST_F(AdditionsTest, ContentAndVariablesBecomeFiles) {
  const auto found =
      files(R"({"configs":[{"source":"c","target":"/etc/c","uid":"3","mode":288},{"source":"d"}],
                "secrets":[{"source":"s"},{"source":"s","target":"t","mode":"0400"},{"source":"f"}]})",
            R"("configs":{"c":{"content":"costs $$5"},"d":{"content":""}},
               "secrets":{"s":{"environment":"S"},"f":{"file":"/x"}})",
            {{"S", "secret $5"}});
  ASSERT_TRUE(found) << render(found.error());
  EXPECT_EQ(*found, (std::vector<ArchivedFile>{
                        {"/etc/c", 0440, 3, 0, "costs $5", true},
                        {"/run/secrets/s", 0444, 0, 0, "secret $5", false},
                        {"/run/secrets/t", 0400, 0, 0, "secret $5", false},
                    }));
}

TEST_F(AdditionsTest, NothingCanBeCopiedIntoAReadOnlyRoot) {
  const auto found = files(R"({"read_only":true,"configs":[{"source":"c"}]})",
                           R"("configs":{"c":{"content":"x"}})");
  ASSERT_FALSE(found);
  EXPECT_THAT(messages(found.error()),
              ElementsAre("compose.yaml:1: compose.unsupported: a has a read-only root: /c cannot "
                          "be copied into it"));
}

TEST_F(AdditionsTest, AVariableWithoutAValueAndAnOwnerThatIsNoNumber) {
  EXPECT_EQ(files(R"({"secrets":[{"source":"s"}]})", R"("secrets":{"s":{"environment":"S"}})")
                .error()
                .code,
            "compose.variable_unset");
  EXPECT_EQ(
      files(R"({"configs":[{"source":"c","uid":"root"}]})", R"("configs":{"c":{"content":"x"}})")
          .error()
          .code,
      "compose.unsupported");
}

TEST_F(AdditionsTest, HooksAreExecs) {
  const auto resolved = parse(
      R"({"services":{"a":{"post_start":[{"command":["sh","-c","echo $$A"],"user":"root",
          "privileged":true,"working_dir":"/x","environment":{"A":"1","B":null}}]}}})");
  EXPECT_THAT(
      hooks_of(resolved, "a", "post_start"),
      ElementsAre(parse(
          R"({"AttachStdout":true,"AttachStderr":true,"Cmd":["sh","-c","echo $A"],"User":"root",
              "WorkingDir":"/x","Privileged":true,"Env":["A=1","B"]})")));
  EXPECT_TRUE(hooks_of(resolved, "a", "pre_stop").empty());
}

}  // namespace
}  // namespace reconciler::docker
