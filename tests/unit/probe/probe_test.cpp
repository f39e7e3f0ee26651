// http steps: what may be asked, what is asked, what the answer comes to, and what is never said.
#include <gmock/gmock.h>

#include "plugins/probe/driver.hpp"

namespace reconciler::probe {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class FixedHelper final : public Helper {
 public:
  Result<Json> call(const std::string& verb, const Json& request, Duration timeout,
                    std::stop_token) override {
    asked.push_back({verb, request, timeout});
    return answer;
  }
  struct Asked {
    std::string verb;
    Json request;
    Duration timeout;
  };
  std::vector<Asked> asked;
  Result<Json> answer = Json(JsonObject{{"status", 200}, {"body", "hello v1.2.3"}});
};

class Silent final : public Progress {
 public:
  void line(std::string_view) override {}
};

class ProbeTest : public testing::Test {
 protected:
  ProbeTest() {
    variables["SITE_DOMAIN"] = {Secret("s3cret.example.com"), ".env:1", true};
    variables["TAG"] = {Secret("v1.2.3"), "always there", false};
    variables["WITH_USER"] = {Secret("anna:pw@example.com"), ".env:2", true};
  }
  Result<Prepared> prepare(Json checks, Json release = JsonArray{}) {
    Request request;
    request.sections = JsonObject{{"release", std::move(release)},
                                  {"verify", JsonObject{{"checks", std::move(checks)}}}};
    return driver.prepare(request, variables, Deadline(clock, Duration(1000)));
  }
  static JsonObject check(const std::string& url) { return {{"name", url}, {"http", url}}; }
  Result<Outcome> ask(Json step) {
    const auto prepared = prepare(JsonArray{std::move(step)});
    if (!prepared) return failure(prepared.error());
    return driver.perform({"1", {"a", "b"}, "L", "", prepared->steps.at(0).work}, variables,
                          progress, {});
  }
  std::string detail(Json step) {
    const auto outcome = ask(std::move(step));
    if (!outcome) return render(outcome.error());
    return std::string(to_text(outcome->fate)) + ": " + text_at(outcome->evidence, "detail");
  }
  std::string refused(Json checks) {
    const auto prepared = prepare(std::move(checks));
    return prepared ? "no error\n" : render(prepared.error());
  }

  SystemClock clock;
  FixedHelper helper;
  ProbeDriver driver{helper};
  Variables variables;
  Silent progress;
};

TEST_F(ProbeTest, StepsHoldWhatIsWrittenAndNoValue) {
  JsonObject second = check("https://${SITE_DOMAIN}/ready");
  second["name"] = "ready";
  second["status"] = 204;
  second["contains"] = "${TAG}";
  second["timeout_ms"] = 700;
  second["warn"] = true;
  JsonObject warm{
      {"name", "warm"}, {"http", "http://localhost/warm"}, {"when", "after"}, {"once", "switch"}};
  JsonObject early{{"name", "early"}, {"http", "http://localhost/"}, {"when", "before"}};
  const auto prepared = *prepare(JsonArray{check("https://${SITE_DOMAIN}/"), second,
                                           JsonObject{{"name", "x"}, {"service", "db"}}},
                                 JsonArray{early, warm});
  ASSERT_THAT(prepared.steps, SizeIs(4));
  EXPECT_EQ(prepared.steps[0].work.phase, Phase::release);
  EXPECT_EQ(prepared.steps[0].once, Once::never);
  EXPECT_EQ(prepared.steps[1].work.phase, Phase::after);
  EXPECT_EQ(prepared.steps[1].once, Once::change);
  JsonObject tagged = check("https://${SITE_DOMAIN}/${TAG}");
  EXPECT_EQ(prepare(JsonArray{tagged})->steps.at(0).shown, "https://${SITE_DOMAIN}/v1.2.3");
  const Step& ready = prepared.steps[3];
  EXPECT_EQ(ready.name, "ready");
  EXPECT_EQ(ready.shown, "https://${SITE_DOMAIN}/ready");
  EXPECT_TRUE(ready.warn);
  EXPECT_EQ(ready.work.phase, Phase::verify);
  EXPECT_EQ(ready.work.verb, "verify");
  EXPECT_EQ(ready.work.effect, Effect::converge);
  EXPECT_EQ(ready.work.targets.at(0).text(), "probe/http/ready");
  EXPECT_EQ(ready.work.input, Json(JsonObject{{"url", "https://${SITE_DOMAIN}/ready"},
                                              {"status", 204},
                                              {"contains", "${TAG}"},
                                              {"timeout_ms", 700}}));
  EXPECT_THAT(ready.work.calls, IsEmpty());
}

TEST_F(ProbeTest, ItIsAskedOnceWithTheValuesFilledIn) {
  JsonObject step = check("https://${SITE_DOMAIN}/");
  step["timeout_ms"] = 700;
  EXPECT_EQ(detail(step), "succeeded: 200");
  ASSERT_THAT(helper.asked, SizeIs(1));
  EXPECT_EQ(helper.asked[0].verb, "probe");
  EXPECT_EQ(helper.asked[0].request,
            Json(JsonObject{
                {"url", "https://s3cret.example.com/"}, {"timeout_ms", 700}, {"max_body", 65536}}));
  EXPECT_EQ(helper.asked[0].timeout, Duration(2700));
}

TEST_F(ProbeTest, TheStatusIsJudged) {
  helper.answer = Json(JsonObject{{"status", 200}, {"body", ""}});
  EXPECT_EQ(detail(check("http://x/")), "succeeded: 200");
  for (const int status : {199, 204, 301, 404, 500}) {
    helper.answer = Json(JsonObject{{"status", status}, {"body", ""}});
    EXPECT_EQ(detail(check("http://x/")), "failed: " + std::to_string(status) + ", wanted 200");
  }
  JsonObject step = check("http://x/");
  step["status"] = 301;
  helper.answer = Json(JsonObject{{"status", 301}, {"body", ""}});
  EXPECT_EQ(detail(step), "succeeded: 301");
  helper.answer = Json(JsonObject{{"status", 200}, {"body", ""}});
  EXPECT_EQ(detail(step), "failed: 200, wanted 301");
}

TEST_F(ProbeTest, TheTextIsLookedFor) {
  JsonObject step = check("http://x/");
  step["contains"] = "hello ${TAG}";
  EXPECT_EQ(detail(step), "succeeded: 200");
  step["contains"] = "from ${SITE_DOMAIN}";
  EXPECT_EQ(detail(step), "failed: 200, without \"from ${SITE_DOMAIN}\"");
  step["contains"] = "${TAG} from ${SITE_DOMAIN}, $${TAG}";
  EXPECT_EQ(detail(step), "failed: 200, without \"v1.2.3 from ${SITE_DOMAIN}, ${TAG}\"");
  helper.answer = Json(JsonObject{{"status", 200}, {"body", std::string(65536, '-')}});
  step["contains"] = "end";
  EXPECT_EQ(detail(step), "failed: 200, without \"end\" in its first 64 KiB, which are read");
}

TEST_F(ProbeTest, SilenceIsAFailureAndTellsNoSecret) {
  helper.answer = failure(error("health.unreachable", "https://s3cret.example.com/ does not answer")
                              .with("cause", "Could not resolve host: s3cret.example.com"));
  EXPECT_EQ(detail(check("https://${SITE_DOMAIN}/")),
            "failed: no answer: its name does not resolve");
  helper.answer = failure(error("health.unreachable", "x")
                              .with("cause", "Failed to connect to s3cret.example.com port 443"));
  EXPECT_EQ(detail(check("https://${SITE_DOMAIN}/")),
            "failed: no answer: the connection is refused");
  helper.answer =
      failure(error("health.unreachable", "x")
                  .with("cause", "SSL: no alternative name matches s3cret.example.com"));
  EXPECT_EQ(detail(check("https://${SITE_DOMAIN}/")), "failed: no answer: TLS fails");
  helper.answer =
      failure(error("health.unreachable", "x").with("cause", "s3cret.example.com is odd"));
  EXPECT_EQ(detail(check("https://${SITE_DOMAIN}/")), "failed: no answer");
  helper.answer = failure(error("helper.timeout", "x"));
  EXPECT_EQ(detail(check("https://${SITE_DOMAIN}/")), "failed: no answer within 5 s");
  helper.answer = failure(
      error("health.unreachable", "x").with("cause", "Failed to connect to localhost port 1"));
  EXPECT_EQ(detail(check("http://localhost:1/")),
            "failed: no answer: Failed to connect to localhost port 1");
}

TEST_F(ProbeTest, WhatCannotBeAskedIsAnErrorAndTellsNoSecret) {
  helper.answer =
      failure(error("health.url_denied",
                    "\"https://s3cret.example.com/\" leads to 169.254.169.254, which is link-local")
                  .next("ask http:// or https:// of a service on this host"));
  EXPECT_EQ(detail(check("https://${SITE_DOMAIN}/")),
            "error health.url_denied: \"https://${SITE_DOMAIN}/\" leads to an address that is "
            "never asked\n"
            "  next  ask http:// or https:// of a service on this host\n");
  helper.answer = failure(error("helper.missing", "no helper"));
  EXPECT_EQ(detail(check("http://x/")), "error helper.missing: no helper\n");
}

TEST_F(ProbeTest, AllMistakesAtOnceEachAtItsPlace) {
  JsonObject unknown = check("https://${SITE_DOMAN}/");
  unknown["contains"] = "${lower case}";
  JsonObject forbid = check("http://x/");
  forbid["forbid"] = "(";
  const std::string all = refused(JsonArray{unknown, check("https://${WITH_USER}/"), forbid});
  EXPECT_THAT(all, testing::HasSubstr("#/verify/checks/2/forbid: error expression.invalid"));
  EXPECT_THAT(
      all,
      testing::StartsWith(
          "#/verify/checks/0/http: error variables.unknown: there is no variable \"SITE_DOMAN\"\n"
          "      | did you mean \"SITE_DOMAIN\"?\n"
          "#/verify/checks/0/contains: error variables.syntax: \"${lower case}\" is no variable: "
          "only ${NAME} is filled in here\n"
          "      | a literal ${ is written $${\n"
          "#/verify/checks/1/http: error health.url_denied: \"https://${WITH_USER}/\" holds a user "
          "or a password\n"
          "      | credentials do not belong in a URL\n"));
}

TEST_F(ProbeTest, NoLineOfTheAnswerMayBeForbidden) {
  JsonObject quiet = check("http://x/");
  quiet["forbid"] = "(?i)traceback";
  helper.answer = Json(JsonObject{{"status", 200}, {"body", "well\nall of it\n"}});
  EXPECT_EQ(detail(quiet), "succeeded: 200");
  helper.answer = Json(JsonObject{{"status", 200}, {"body", "well\nA Traceback follows\n"}});
  EXPECT_EQ(detail(quiet), "failed: 200, with \"A Traceback follows\"");
}

TEST_F(ProbeTest, UrlsThatAreNotAsked) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"ftp://x/", "is neither http:// nor https://"},
      {"file:///etc/passwd", "is neither http:// nor https://"},
      {"HTTP//x", "is neither http:// nor https://"},
      {"http://anna@x/", "holds a user or a password"},
      {"http://a:b@x/", "holds a user or a password"},
      {"http:///path", "names no host"},
      {"http://:80/", "names no host"},
      {"http://x/a b", "holds white space or a control character"},
      {"http://x/" + std::string(2048, 'a'), "is longer than 2048 characters"},
  };
  for (const auto& [url, rule] : cases)
    EXPECT_THAT(refused(JsonArray{check(url)}), HasSubstr(rule)) << url;
  EXPECT_EQ(refused(JsonArray{check("http://x/@me?a=b@c")}), "no error\n");
  EXPECT_EQ(refused(JsonArray{check("http://[::1]:8080/")}), "no error\n");
}

}  // namespace
}  // namespace reconciler::probe
