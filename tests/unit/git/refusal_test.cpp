// What the helper refuses before it asks anyone anything: whole messages.
#include <gtest/gtest.h>

#include "fixture.hpp"

namespace reconciler::test {
namespace {

class Refusal : public GitTest {
 protected:
  std::string fetch(const std::string& url, const std::string& branch = "") {
    return said(helper.call(
        "fetch", JsonObject{{"url", url}, {"mirror", root + "/m.git"}, {"branch", branch}}, soon));
  }
  std::string probe(const std::string& url) {
    return said(helper.call("probe", JsonObject{{"url", url}, {"timeout_ms", 300}}, soon));
  }
};

TEST_F(Refusal, UrlsThatAreNoPlaceToFetchFrom) {
  const std::string code = "git.url_invalid: ";
  EXPECT_EQ(fetch(""), code + "\"\" is empty");
  EXPECT_EQ(fetch("--upload-pack=x"),
            code + "\"--upload-pack=x\" begins with \"-\", which git takes for an option");
  EXPECT_EQ(fetch("ext::sh -c id"),
            code + "\"ext::sh -c id\" holds \"::\", which asks git for a helper");
  EXPECT_EQ(fetch("file::/srv/x"),
            code + "\"file::/srv/x\" holds \"::\", which asks git for a helper");
  EXPECT_EQ(fetch("/srv/ext::x"),
            code + "\"/srv/ext::x\" holds \"::\", which asks git for a helper");
  EXPECT_EQ(fetch("file:///srv/x"),
            code + "\"file:///srv/x\" is a file:// URL: write the absolute path alone");
  EXPECT_EQ(fetch("git://host/x"), code + "\"git://host/x\" has a scheme that is not https or ssh");
  EXPECT_EQ(fetch("http://example.com/x"),
            code +
                "\"http://example.com/x\" is plain http, which anyone on the way can change: use "
                "https");
  EXPECT_EQ(fetch("https://host"), code + "\"https://host\" names a host and no repository on it");
  EXPECT_EQ(fetch("https://-o/x"), code + "\"https://-o/x\" has no valid host name or port");
  EXPECT_EQ(fetch("https://h:99999/x"),
            code + "\"https://h:99999/x\" has no valid host name or port");
  EXPECT_EQ(fetch("ssh://host/x"),
            code + "\"ssh://host/x\" names no user: write ssh://git@HOST/PATH");
  EXPECT_EQ(fetch("host:x"),
            code + "\"host:x\" names no repository in a form that is fetched from");
  EXPECT_EQ(fetch("../x"), code + "\"../x\" names no repository in a form that is fetched from");
  EXPECT_EQ(fetch("git@host:-x"),
            code + "\"git@host:-x\" has a path with characters that are not taken");
  EXPECT_EQ(fetch("git@host:x'$(id)'"),
            code + "\"git@host:x'$(id)'\" has a path with characters that are not taken");
  EXPECT_EQ(fetch("git@-oProxyCommand=id:x"),
            code + "\"git@-oProxyCommand=id:x\" has no valid host name");
  EXPECT_EQ(fetch("https://host/a\nb"), code + "\"https://host/a?b\" holds a control character");
}

TEST_F(Refusal, NoCredentialIsRepeated) {
  for (const char* url :
       {"https://anna:hunter2@host/x", "https://hunter2@host/x", "ssh://git:hunter2@host/x",
        "https://anna:hun/hunter2@host/x", "anna:hunter2@host:x", "https://anna:hunter2@host",
        "http://anna:hunter2@127.0.0.1/x", "--anna:hunter2@host"}) {
    const auto text = fetch(url);
    EXPECT_EQ(text.substr(0, 17), "git.url_invalid: ") << url;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  }
  EXPECT_EQ(
      fetch("https://anna:hunter2@host/x"),
      "git.url_invalid: \"https://***@host/x\" holds a user or a password: credentials do not "
      "belong in a URL");
}

TEST_F(Refusal, BranchesThatAreNoNames) {
  const std::string code = "git.ref_invalid: branch ";
  EXPECT_EQ(fetch(remote, "-x"), code + "\"-x\" begins with \"-\", which git takes for an option");
  EXPECT_EQ(fetch(remote, "a..b"), code + "\"a..b\" holds \"..\"");
  EXPECT_EQ(fetch(remote, "$(id)"),
            code + "\"$(id)\" is not letters, digits and \"._/@#+=-\" alone");
  EXPECT_EQ(fetch(remote, "a/.b"), code + "\"a/.b\" is not a name that git takes");
  EXPECT_EQ(fetch(remote, "a.lock"), code + "\"a.lock\" is not a name that git takes");
  EXPECT_EQ(fetch(remote, "a/"), code + "\"a/\" is not a name that git takes");
}

TEST_F(Refusal, SshWithoutAPinnedKey) {
  EXPECT_EQ(
      said(helper.call("fetch", JsonObject{{"url", "git@127.0.0.1:x"}, {"mirror", root + "/m.git"}},
                       soon))
          .substr(0, 15),
      "git.unreachable");  // nothing listens there; with a server: tests/integration
}

TEST_F(Refusal, ProbesOfWhatIsNoService) {
  const std::string code = "health.url_denied: ";
  EXPECT_EQ(probe("file:///etc/passwd"), code + "\"file:///etc/passwd\" is neither http nor https");
  EXPECT_EQ(probe("http://anna:hunter2@127.0.0.1/"),
            code +
                "\"http://***@127.0.0.1\" holds a user or a password: credentials do not belong in "
                "a URL");
  for (const char* url : {"http://169.254.169.254/", "http://2852039166/", "http://0xa9fea9fe/",
                          "http://0251.0376.0251.0376/"})
    EXPECT_EQ(probe(url), code + "\"" + url + "\" leads to 169.254.169.254, which is link-local");
  EXPECT_EQ(probe("http://[fe80::1]/"),
            code + "\"http://[fe80::1]/\" leads to fe80::1, which is link-local");
  EXPECT_EQ(probe("http://[::ffff:169.254.169.254]/"),
            code +
                "\"http://[::ffff:169.254.169.254]/\" leads to ::ffff:169.254.169.254, which is "
                "link-local");
  EXPECT_EQ(probe("http://127.0.0.1:1/?token=hunter2"),
            "health.unreachable: http://127.0.0.1:1/ does not answer");
}

TEST_F(Refusal, VerbsAndRequestsThatAreNone) {
  EXPECT_EQ(said(helper.call("push", JsonObject{}, soon)),
            "helper.verb_unknown: reconciler-helper has no verb \"push\"");
  EXPECT_EQ(said(helper.call("fetch", JsonArray{}, soon)),
            "helper.request: the request on standard input is not a JSON object");
}

}  // namespace
}  // namespace reconciler::test
