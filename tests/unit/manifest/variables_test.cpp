#include "reconciler/manifest/variables.hpp"

#include <gtest/gtest.h>

#include "reconciler/manifest/placeholders.hpp"
#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

using HostFiles = std::map<std::string, std::string>;

class VariablesTest : public testing::Test {
 protected:
  /// `variables` is what stands under that key.
  Result<Variables> load(const std::string& variables, const HostFiles& host_files = {}) {
    files_.write("portfolio/reconciler.yaml", "variables:\n" + variables + more_);
    files_.write("portfolio/environments/production.yaml", "tag: v1.2.3\n");
    spec_ = files_.environment();
    return load_variables(spec_, "4be1d07", files_.path("tree"), host_files, provide_);
  }
  std::string said(const std::string& variables, const HostFiles& host_files = {}) {
    const auto loaded = load(variables, host_files);
    return loaded ? "" : render(loaded.error());
  }
  Files files_;
  EnvironmentSpec spec_;
  std::string more_;
  Provide provide_;
};

TEST_F(VariablesTest, ComeFromEnvFilesSetAndTheReconciler) {
  files_.write("tree/.env", "DB_PASSWORD=hunter2\nAPI_DOMAIN=api.example.com\nA=env\nTAG=v1.2.3\n");
  const auto loaded = load(R"(
  env_file: .env
  set: { API_URL: "https://${API_DOMAIN}", A: "mine, ${A}", VERSION: "${TAG}", LIT: "$${TAG} $5", B: "${VERSION}!" }
)");
  ASSERT_TRUE(loaded) << render(loaded.error());
  const auto text = [&](const char* name) {
    const Variable& one = loaded->at(name);
    return one.value.reveal() + "|" + one.from + "|" + (one.secret ? "secret" : "open");
  };
  EXPECT_EQ(text("DB_PASSWORD"), "hunter2|.env:1|secret");
  EXPECT_EQ(text("API_URL"), "https://api.example.com|`set` in portfolio/reconciler.yaml:4|secret");
  EXPECT_EQ(text("A"), "mine, env|`set` in portfolio/reconciler.yaml:4|secret");
  EXPECT_EQ(text("VERSION"), "v1.2.3|`set` in portfolio/reconciler.yaml:4|open");
  EXPECT_EQ(text("B"), "v1.2.3!|`set` in portfolio/reconciler.yaml:4|open");
  EXPECT_EQ(text("LIT"), "${TAG} $5|`set` in portfolio/reconciler.yaml:4|open");
  EXPECT_EQ(text("TAG"), "v1.2.3|portfolio/environments/production.yaml:1|open");
  EXPECT_EQ(text("COMMIT"), "4be1d07|the reconciler|open");
  EXPECT_EQ(text("APPLICATION"), "portfolio|the reconciler|open");
  EXPECT_EQ(text("ENVIRONMENT"), "production|the reconciler|open");
  EXPECT_EQ(loaded->size(), 11U);  // and nothing of our own environment
}

TEST_F(VariablesTest, HostFilesWinOverTheTree) {
  files_.write("tree/.env", "A=tree\n");
  files_.write("real/production.env", "A=host\n").write("real/more/b.env", "B=host\n");
  const auto loaded =
      load("  env_file: [.env, ./conf/more/b.env]\n",
           {{".env", files_.path("real/production.env")}, {"conf", files_.path("real")}});
  ASSERT_TRUE(loaded) << render(loaded.error());
  EXPECT_EQ(loaded->at("A").value.reveal(), "host");
  EXPECT_EQ(loaded->at("B").value.reveal(), "host");
}

TEST_F(VariablesTest, ASymlinkInTheTreeIsNotFollowed) {
  files_.write("secret", "A=1\n").write("tree/x", "");
  std::filesystem::create_symlink(files_.path("secret"), files_.path("tree/.env"));
  EXPECT_EQ(load("  env_file: .env\n").error().code, "variables.no_file");
  EXPECT_NE(said("  env_file: .env\n").find("symbolic link"), std::string::npos);
}

TEST_F(VariablesTest, AFileThatIsNotThere) {
  files_.write("tree/x", "");
  EXPECT_EQ(
      said("  env_file: .env.production\n"),
      "portfolio/reconciler.yaml:2:13: error variables.no_file: .env.production of "
      "portfolio/production is not there\n"
      "    2 |   env_file: .env.production\n"
      "      |             ^^^^^^^^^^^^^^^ put it into the tree, or say where it lies in the host "
      "file's environments: {portfolio/production: {files: {.env.production: /its/path}}}\n");
  EXPECT_EQ(said("  env_file: .env\n", {{".env", "/nowhere/at/all.env"}}),
            "portfolio/reconciler.yaml:2:13: error variables.no_file: /nowhere/at/all.env of "
            "portfolio/production is not there\n"
            "    2 |   env_file: .env\n"
            "      |             ^^^^\n");
}

TEST_F(VariablesTest, TranscriptOfThoseThatAreMissing) {
  files_.write("tree/.env", "SECRET_KEY=\nAPI_DOMAIN=https://hunter2\nSITE_DOMAINS=x\nOK=yes\n");
  more_ = "verify: ['https://${SITE_DOMAIN}/', 'https://${OTHER}/']\n";
  EXPECT_EQ(said(R"(
  env_file: .env
  set: { URL: "https://${HOST_NAME}", NEXT: "${URL}" }
  required: { SITE_DOMAIN: '[a-z.]+', SECRET_KEY: '', API_DOMAIN: '[a-z.]+', OK: 'yes', NEXT: '' }
)"),
            "error variables.missing: 5 variables of portfolio/production have no usable value\n"
            "  SITE_DOMAIN  not set     portfolio/reconciler.yaml:5\n"
            "                           did you mean SITE_DOMAINS? .env has that\n"
            "  SECRET_KEY   empty       portfolio/reconciler.yaml:5\n"
            "  API_DOMAIN   wrong form  portfolio/reconciler.yaml:5 wants [a-z.]+\n"
            "  HOST_NAME    not set     portfolio/reconciler.yaml:4\n"
            "  OTHER        not set     portfolio/reconciler.yaml:6\n"
            "  looked in    .env (4 names), `set` in portfolio/reconciler.yaml:4\n"
            "  next         mend them in .env, then: reconciler plan portfolio/production\n");
}

TEST_F(VariablesTest, ComeFromAProvider) {
  files_.write("tree/secrets.enc.env", "sealed\n").write("tree/.env", "C=file\n");
  std::vector<std::string> asked;
  provide_ = [&](const std::string& provider, const std::string& file) -> Result<Provided> {
    asked.push_back(provider + " " + file.substr(std::min(file.size(), files_.root().size())));
    if (provider == "sops") return Provided{Secret("D=\"a\\$b$C\"\n")};
    return Provided{Secret("{\"A\": \"p$$${C}\", \"N\": 5, \"T\": true, \"O\": null}")};
  };
  const auto loaded = load(
      "  env_file: [.env, { path: secrets.enc.env, provider: sops }, { provider: doppler }]\n");
  ASSERT_TRUE(loaded) << render(loaded.error());
  EXPECT_EQ(asked, (std::vector<std::string>{"sops /tree/secrets.enc.env", "doppler "}));
  // It prints values, no templates: a $ is a $.
  EXPECT_EQ(loaded->at("D").value.reveal(), "a$b$C");
  EXPECT_EQ(loaded->at("A").value.reveal(), "p$$${C}");
  EXPECT_EQ(loaded->at("N").value.reveal(), "5");
  EXPECT_EQ(loaded->at("T").value.reveal(), "true");
  EXPECT_FALSE(loaded->contains("O"));
  EXPECT_EQ(loaded->at("A").from, "doppler");
  EXPECT_EQ(loaded->at("D").from, "sops (secrets.enc.env)");
  EXPECT_TRUE(loaded->at("A").secret);
}

TEST_F(VariablesTest, WhatAProviderSaysWrong) {
  files_.write("tree/.env", "A=1\n");
  std::string text = "A=2\n";
  provide_ = [&](const std::string&, const std::string&) -> Result<Provided> {
    return Provided{Secret(text)};
  };
  const char* both = "  env_file: [.env, { provider: doppler }]\n";
  EXPECT_EQ(
      said(both),
      "portfolio/reconciler.yaml:2:32: error variables.conflict: A has one value from doppler "
      "and another from .env:1\n"
      "    2 |   env_file: [.env, { provider: doppler }]\n"
      "      |                                ^^^^^^^ keep one of them\n");
  text = "{\"B\": {\"hunter2\": 1}}";
  EXPECT_EQ(said(both),
            "doppler: error variables.syntax: \"B\" holds no text\n"
            "      | have it print one JSON object of texts, or NAME=value lines\n");
  text = "{ \"hunter2\" ";
  EXPECT_EQ(said(both),
            "doppler: error variables.syntax: what it printed begins like JSON and is none\n"
            "      | have it print one JSON object of texts, or NAME=value lines\n");
  text = "{\"B\": \"abc\\u0000def\"}";
  EXPECT_EQ(said(both),
            "doppler: error variables.syntax: a name or a value holds a NUL character\n"
            "      | have it print one JSON object of texts, or NAME=value lines\n");
  text = "B=2\n";
  more_ = "  required: [SECRET_KEY]\n";
  EXPECT_EQ(said("  env_file: { provider: doppler }\n"),
            "error variables.missing: 1 variable of portfolio/production has no usable value\n"
            "  SECRET_KEY  not set  portfolio/reconciler.yaml:3\n"
            "  looked in   doppler (1 name)\n"
            "  next        mend them in doppler, then: reconciler plan portfolio/production\n");
}

TEST_F(VariablesTest, AProviderThatDoesNotAnswerIsAllThatIsSaid) {
  provide_ = [](const std::string& provider, const std::string&) -> Result<Provided> {
    return failure(error("variables.provider", provider + " does not answer").passing());
  };
  const auto loaded = load("  env_file: [nowhere.env, { provider: doppler }]\n");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, "variables.provider");
  EXPECT_EQ(loaded.error().lasting, Lasting::transient);
  EXPECT_EQ(loaded.error().place.line, 2);
}

TEST_F(VariablesTest, OneNameWithTwoValuesIsRefused) {
  files_.write("tree/a.env", "A=hunter2\nSAME=1\n").write("tree/b.env", "\nA=hunter3\nSAME=1\n");
  EXPECT_EQ(said("  env_file: [a.env, b.env]\n"),
            "b.env:2:1: error variables.conflict: A has one value here and another from a.env:1\n"
            "      | keep one of them\n");
  files_.write("tree/a.env", "A=1\nA=2\n").write("tree/b.env", "TAG=v1.2.2\n");
  EXPECT_EQ(said("  env_file: [a.env, b.env]\n"),
            "b.env:1:1: error variables.conflict: TAG has one value here and another from "
            "portfolio/environments/production.yaml:1\n"
            "      | take it out here: the reconciler sets it\n");
}

TEST_F(VariablesTest, WhatWouldTellComposeSomethingElseIsRefused) {
  files_.write(
      "tree/.env",
      "COMPOSE_PROFILES=web\nCOMPOSE_FILE=x\nDOCKER_HOST=tcp://x\nCOMPOSE_PROJECT_NAME=p\n");
  EXPECT_EQ(
      said("  env_file: .env\n  set: { COMPOSE_ENV_FILES: x }\n"),
      ".env:2:1: error compose.env_redirect: COMPOSE_FILE would tell Compose what the manifest "
      "and the host file say\n"
      "      | write compose.files in the manifest, and take this out\n"
      ".env:4:1: error compose.env_redirect: COMPOSE_PROJECT_NAME is not the project of "
      "portfolio/production, which is \"portfolio\"\n"
      "      | write compose.project in the manifest, or take this out\n"
      ".env:3:1: error compose.env_redirect: DOCKER_HOST would tell Compose what the manifest "
      "and the host file say\n"
      "      | take it out\n"
      "portfolio/reconciler.yaml:3:29: error compose.env_redirect: COMPOSE_ENV_FILES would tell "
      "Compose what the manifest and the host file say\n"
      "    3 |   set: { COMPOSE_ENV_FILES: x }\n"
      "      |                             ^ take it out\n");
  files_.write("tree/.env", "COMPOSE_PROFILES=web\nCOMPOSE_PROJECT_NAME=portfolio\n");
  EXPECT_EQ(said("  env_file: .env\n"), "");
}

TEST_F(VariablesTest, ACycleIsRefused) {
  EXPECT_EQ(said("  set: { A: '${B}', B: '${A}' }\n"),
            "portfolio/reconciler.yaml:2:13: error variables.cycle: A is made of itself\n"
            "    2 |   set: { A: '${B}', B: '${A}' }\n"
            "      |             ^^^^^^ take one of its variables out\n");
}

TEST_F(VariablesTest, ManyThatHangOnEachOtherEndSoon) {
  std::string set = "  set:\n";
  for (int i = 0; i < 1000; ++i)
    set += "    V" + std::to_string(i) + ": ${V" + std::to_string(i + 1) + "}${V" +
           std::to_string(i + 2) + "}\n";
  EXPECT_EQ(load(set).error().code, "variables.too_deep");
  std::string few = "  set:\n";
  for (int i = 0; i < 40; ++i)
    few += "    V" + std::to_string(i) + ": ${V" + std::to_string(i + 1) + "}${V" +
           std::to_string(i + 2) + "}\n";
  EXPECT_EQ(load(few).error().message, "2 variables of portfolio/production have no usable value");
}

TEST_F(VariablesTest, FillsInTexts) {
  files_.write("tree/.env", "HOST_NAME=hunter2\n");
  const auto loaded = load("  env_file: .env\n");
  ASSERT_TRUE(loaded);
  const auto open = expand("curl ${TAG} $HOME $${x}", *loaded);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->text.reveal(), "curl v1.2.3 $HOME ${x}");
  EXPECT_FALSE(open->secret);
  const auto secret = expand("https://${HOST_NAME}/${TAG}", *loaded);
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->text.reveal(), "https://hunter2/v1.2.3");
  EXPECT_TRUE(secret->secret);
  EXPECT_EQ(render(expand("${HOST_NAMES} ${ELSE}", *loaded).error()),
            "error variables.unknown: there is no variable \"HOST_NAMES\"\n"
            "  next  did you mean \"HOST_NAME\"?\n"
            "error variables.unknown: there is no variable \"ELSE\"\n"
            "  next  add it to an env file, or to `set`\n");
  EXPECT_EQ(render(expand("${A:-b}", *loaded).error()),
            "error variables.syntax: \"${A:-b}\" is no variable: only ${NAME} is filled in here\n"
            "  next  a literal ${ is written $${\n");
}

}  // namespace
}  // namespace reconciler
