// Who is asked for variables, how often, and what serves while they are away.
#include "reconciler/providers.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {
namespace {

using namespace std::chrono_literals;

class ProvidersTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_folders(folder_));
    says("echo A=1; echo asked >> " + folder_ + "/asked");
    Provider& one = host_.providers["vault"];
    one.command = {folder_ + "/vault", "${APPLICATION}", "${ENVIRONMENT}", "${FILE}"};
    one.timeout = 2s;
    host_.file = "/etc/reconciler/host.yaml";
  }
  void TearDown() override { (void)remove_tree(folder_); }

  /// A program in the provider's place.
  void says(const std::string& script) {
    std::ofstream(folder_ + "/vault") << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(folder_ + "/vault", std::filesystem::perms::owner_all);
  }
  Providers made() { return {host_, InstallationKey{key_}, "lineage", folder_, clock_}; }
  Question question(std::optional<Duration> within = {}) const {
    return {{"portfolio", "production"}, "vault", "", "", within};
  }
  static std::string text(const Result<Answer>& answer) {
    return answer ? answer->text.reveal() : render(answer.error());
  }
  size_t times() const {
    std::ifstream file(folder_ + "/asked");
    size_t n = 0;
    for (std::string line; std::getline(file, line);) ++n;
    return n;
  }
  void passes(Duration time) { clock_.wait_until(clock_.now() + time, {}); }
  Provider& vault() { return host_.providers["vault"]; }

  const std::string folder_ = "/dev/shm/reconciler-providers-" + to_hex(random_bytes(8));
  std::string key_ = random_bytes(32);
  Host host_;
  SimClock clock_;
};

TEST_F(ProvidersTest, AskAProgramWithItsOwnEnvironmentAndNothingElse) {
  ::setenv("LEAKED", "yes", 1);
  ASSERT_TRUE(replace_file(folder_ + "/token", "t0ken\n"));
  vault().environment = {{"TOKEN", {"", folder_ + "/token"}}, {"MODE", {"prod", ""}}};
  says("echo \"ARGS=$*|$TOKEN|$MODE|$LEAKED\"");
  auto providers = made();
  EXPECT_EQ(text(providers.ask(question(), {})), "ARGS=portfolio production |t0ken|prod|\n");
  ::unsetenv("LEAKED");
}

TEST_F(ProvidersTest, AreAskedNoMoreOftenThanRefreshSaysAndAnewBeforeAnApply) {
  auto providers = made();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(text(providers.ask(question(), {})), "A=1\n");
  EXPECT_EQ(times(), 1U);
  passes(5min);
  EXPECT_TRUE(providers.ask(question(), {}));
  EXPECT_EQ(times(), 1U);
  EXPECT_TRUE(providers.ask(question(1min), {}));
  EXPECT_EQ(times(), 2U);
  passes(11min);
  EXPECT_TRUE(providers.ask(question(), {}));
  EXPECT_EQ(times(), 3U);
}

TEST_F(ProvidersTest, AnswersOfOneEnvironmentAreNotAnothers) {
  says("echo \"A=$2\"");
  auto providers = made();
  EXPECT_EQ(text(providers.ask(question(), {})), "A=production\n");
  Question other = question();
  other.id.environment = "stage";
  EXPECT_EQ(text(providers.ask(other, {})), "A=stage\n");
}

TEST_F(ProvidersTest, WhatFailedIsSaidWithoutAValue) {
  vault().environment = {{"TOKEN", {"s3cr3t-token", ""}}};
  says("echo A=hunter2; echo \"no project for $TOKEN\" >&2; exit 3");
  EXPECT_EQ(text(made().ask(question(), {})),
            "error variables.provider: vault ended with exit code 3\n"
            "  next  ask it by hand as the host file does; then: reconciler plan "
            "portfolio/production\n");
  says("exec yes A=hunter2");
  EXPECT_EQ(made().ask(question(), {}).error().message, "vault says more than 1 MiB");
  says("echo '<html>log in: hunter2</html>'");
  EXPECT_EQ(made().ask(question(), {}).error().message,
            "vault says what is no variables (line 1): this line has a character that no name has");
  says("true");
  EXPECT_EQ(made().ask(question(), {}).error().message, "vault names no variable");
  vault().timeout = 1s;
  says("exec sleep 60");
  const auto late = made().ask(question(), {});
  EXPECT_EQ(late.error().message, "vault does not answer (timeout after 1 s)");
  EXPECT_EQ(late.error().lasting, Lasting::transient);
  vault().command = {folder_ + "/nowhere"};
  EXPECT_NE(made().ask(question(), {}).error().message.find("vault cannot be asked: "),
            std::string::npos);
  Question unknown = question();
  unknown.provider = "sops";
  EXPECT_EQ(text(made().ask(unknown, {})),
            "error variables.no_provider: /etc/reconciler/host.yaml names no provider \"sops\"\n"
            "  next  it has vault\n");
}

TEST_F(ProvidersTest, TheLastAnswerServesWhileKeepLastSays) {
  vault().keep_last = 24h;
  EXPECT_TRUE(made().ask(question(), {}));
  const WallTime then = clock_.wall();
  says("exit 1");
  passes(23h);
  const auto kept = made().ask(question(), {});  // another process
  ASSERT_TRUE(kept) << render(kept.error());
  EXPECT_EQ(kept->text.reveal(), "A=1\n");
  EXPECT_EQ(kept->at, then);
  EXPECT_EQ(kept->instead_of->message, "vault ended with exit code 1");

  // It is sealed, and of this installation and question alone.
  for (const auto& file :
       std::filesystem::directory_iterator(folder_ + "/answers/portfolio/production")) {
    const auto box = *read_file(file.path());
    EXPECT_EQ(box.find("A=1"), std::string::npos);
    EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  }
  key_ = random_bytes(32);
  EXPECT_FALSE(made().ask(question(), {}));

  passes(2h);
  EXPECT_NE(made().ask(question(), {}).error().message.find("vault ended with exit code 1"),
            std::string::npos);
}

TEST_F(ProvidersTest, WhatIsNoAnswerTakesNotThePlaceOfTheLastOne) {
  vault().keep_last = 24h;
  EXPECT_TRUE(made().ask(question(), {}));
  for (const char* script : {"echo '<html></html>'", "true", "exit 1"}) {
    says(script);
    EXPECT_EQ(text(made().ask(question(), {})), "A=1\n") << script;
  }
}

TEST_F(ProvidersTest, OfTheSameFileItSaysTheSameWhereverItLies) {
  vault().keep_last = 24h;
  const auto of = [&](const std::string& path, const std::string& content) {
    Question one = question();
    one.file = path;
    one.content = content;
    return one;
  };
  EXPECT_TRUE(made().ask(of("/trees/1/secrets", "digest"), {}));
  says("exit 1");
  EXPECT_TRUE(made().ask(of("/trees/2/secrets", "digest"), {}));
  EXPECT_FALSE(made().ask(of("/trees/2/secrets", "another digest"), {}));
  says("echo A=1");
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(made().ask(of("/f", std::to_string(i)), {}));
  size_t kept = 0;
  for (const auto& one :
       std::filesystem::directory_iterator(folder_ + "/answers/portfolio/production"))
    kept += one.is_regular_file() ? 1 : 0;
  EXPECT_EQ(kept, 16U);
}

TEST_F(ProvidersTest, OfAnEnvironmentThatIsRemovedNothingIsKept) {
  vault().keep_last = 24h;
  auto providers = made();
  EXPECT_TRUE(providers.ask(question(), {}));
  EXPECT_TRUE(providers.forget(question().id));
  EXPECT_FALSE(exists(folder_ + "/answers/portfolio/production"));
  says("exit 1");
  EXPECT_FALSE(providers.ask(question(), {}));
  EXPECT_TRUE(made().forget(question().id)) << "nor is there anything to forget";
}

TEST_F(ProvidersTest, OneThatIsTooOldIsNotUsed) {
  vault().keep_last = 24h;
  EXPECT_TRUE(made().ask(question(), {}));
  const WallTime then = clock_.wall();
  says("exit 1");
  passes(25h);
  EXPECT_EQ(made().ask(question(), {}).error().message,
            "vault ended with exit code 1, and its last answer, of " + to_text(then) +
                ", is older than keep_last");
  vault().keep_last = 0h;
  EXPECT_EQ(made().ask(question(), {}).error().message, "vault ended with exit code 1");
}

TEST_F(ProvidersTest, OneThatHasJustFailedIsNotWaitedForAgain) {
  says("echo asked >> " + folder_ + "/asked; exit 1");
  auto providers = made();
  EXPECT_FALSE(providers.ask(question(), {}));
  EXPECT_FALSE(providers.ask(question(), {}));
  EXPECT_EQ(times(), 1U);
  passes(1min);
  EXPECT_FALSE(providers.ask(question(), {}));
  EXPECT_EQ(times(), 2U);
}

TEST_F(ProvidersTest, AFileAndTheReconcilersOwnEnvironment) {
  Provider& file = host_.providers["plain"];
  file.file = folder_ + "/${APPLICATION}.env";
  ASSERT_TRUE(replace_file(folder_ + "/portfolio.env", "B=${A}\n"));
  Question plain = question();
  plain.provider = "plain";
  EXPECT_EQ(text(made().ask(plain, {})), "B=${A}\n");
  host_.providers["shell"].names = {"RECONCILER_TEST_ONE", "RECONCILER_TEST_NOT_SET"};
  ::setenv("RECONCILER_TEST_ONE", "a'b\"c", 1);
  Question shell = question();
  shell.provider = "shell";
  EXPECT_EQ(text(made().ask(shell, {})), "{\"RECONCILER_TEST_ONE\":\"a'b\\\"c\"}");
  ::unsetenv("RECONCILER_TEST_ONE");
}

}  // namespace
}  // namespace reconciler::simulation
