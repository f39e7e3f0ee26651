#include "plugins/docker/compose/check_variables.hpp"

#include <gtest/gtest.h>

namespace reconciler::docker {
namespace {

Variables one(const std::string& name, const std::string& value) {
  return {{name, Variable{Secret(value), "web.env:1", true}}};
}

std::string code_of(const Variables& variables) {
  const auto done = check_variables(variables, "web");
  return done ? "" : done.error().code;
}

TEST(CheckVariables, TakesWhatIsTheStacks) {
  for (const char* name : {"TAG", "DATABASE_URL", "DOCKER_IMAGE", "LDAP_URL", "COMPOSE_PROFILES"})
    EXPECT_EQ(code_of(one(name, "value")), "") << name;
  EXPECT_EQ(code_of(one("COMPOSE_PROJECT_NAME", "web")), "");
}

TEST(CheckVariables, RefusesWhatWouldSteerComposeItself) {
  for (const char* name :
       {"PATH", "DOCKER_HOST", "LD_PRELOAD", "COMPOSE_FILE", "XDG_CONFIG_HOME", ""})
    EXPECT_EQ(code_of(one(name, "value")), "compose.env_redirect") << name;
  EXPECT_EQ(code_of(one("COMPOSE_PROJECT_NAME", "other")), "compose.env_redirect");
}

TEST(CheckVariables, NamesTheOneThatIsTooLongForAProcess) {
  const std::string most(size_t{128} * 1024 - 1 - std::string("A=").size(), 'x');
  EXPECT_EQ(code_of(one("A", most)), "");
  const auto done = check_variables(one("A", most + "x"), "web");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "variables.too_long");
  EXPECT_EQ(done.error().message,
            "the variable A takes 131072 bytes with its name; a process is given at most 131071");
}

}  // namespace
}  // namespace reconciler::docker
