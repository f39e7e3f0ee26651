#include "plugins/docker/compose/policy.hpp"

#include "tests/unit/docker/compose/fixture.hpp"

namespace reconciler::docker {
namespace {

class PolicyTest : public ComposeTest {
 protected:
  Status check(const std::string& host_config, const std::string& policy = "{}",
               const std::string& resolved = "{}") {
    Record record;
    Container c;
    c.service = "web";
    c.config = JsonObject{{"HostConfig", parse(host_config)}};
    record.containers.push_back(c);
    record.networks = networks_;
    record.volumes = volumes_;
    return check_policy(record, parse(resolved), tree(),
                        {{"shop", "production"},
                         parse(policy),
                         "/data/shop",
                         {"/objects/abc"},
                         "/run/docker.sock"});
  }
  std::vector<Network> networks_;
  std::vector<Volume> volumes_;
};

TEST_F(PolicyTest, WhatSteersTheRuntimeNeedsPrivileged) {
  EXPECT_TRUE(check(R"({"Runtime":"runc"})"));
  for (const char* asks : {R"({"Runtime":"kata"})", R"({"Annotations":{"a":"b"}})",
                           R"({"CgroupParent":"/system.slice"})"}) {
    const auto denied = check(asks);
    ASSERT_FALSE(denied) << asks;
    EXPECT_EQ(denied.error().code, "compose.policy_denied");
    EXPECT_NE(denied.error().hint.find("privileged: [shop/production/web]"), std::string::npos);
    EXPECT_TRUE(check(asks, R"({"privileged":["shop/production/web"]})"));
  }
}

TEST_F(PolicyTest, DeniesByDefaultAndSaysEverythingAtOnce) {
  networks_.push_back({"proxy", "proxy", {}, true});
  volumes_.push_back({"sly", "p_sly",
                      parse(R"({"DriverOpts":{"type":"none","o":"bind","device":"/etc"}})"),
                      false});
  const auto denied = check(
      R"({"Privileged":true,"CapAdd":["NET_ADMIN","CAP_CHOWN"],"NetworkMode":"host","PidMode":"host",
      "SecurityOpt":["no-new-privileges","seccomp:unconfined"],"Devices":[{"PathOnHost":"/dev/kvm"}],
      "Binds":["/var/run/docker.sock:/s","/srv/media:/m:ro","data:/d","/etc/localtime:/etc/localtime:ro"],
      "Mounts":[{"Type":"bind","Source":"/opt/x","Target":"/x"}]})");
  ASSERT_FALSE(denied);
  EXPECT_EQ(render(denied.error()),
            "error compose.policy_denied: shop/production asks for 11 things that the host file "
            "does not allow\n"
            "  network  the external network proxy\n"
            "  sly      the host's /etc\n"
            "  web      privileged\n"
            "  web      security_opt seccomp:unconfined\n"
            "  web      the Docker socket\n"
            "  web      the capability NET_ADMIN\n"
            "  web      the device /dev/kvm\n"
            "  web      the host's /opt/x\n"
            "  web      the host's /srv/media\n"
            "  web      the host's Pid namespace\n"
            "  web      the host's network\n"
            "  next     take them out, or add to the host file:\n"
            "policy:\n"
            "  binds: [/etc, /opt/x, /srv/media]\n"
            "  allow:\n"
            "    docker_socket: [shop/production/web]\n"
            "    external: [proxy]\n"
            "    host_network: [shop/production/web]\n"
            "    privileged: [shop/production/web]\n"
            "    capabilities:\n"
            "      shop/production/web: [NET_ADMIN]\n"
            "    devices:\n"
            "      shop/production/web: [/dev/kvm]\n");
}

TEST_F(PolicyTest, WhatTheHostFileAllowsPasses) {
  files_["certs"] = "/etc/letsencrypt/live/x";
  networks_.push_back({"proxy", "proxy", {}, true});
  const auto allowed = check(
      R"({"Privileged":true,"CapAdd":["NET_ADMIN","CHOWN","SETUID"],"NetworkMode":"host",
      "Devices":[{"PathOnHost":"/dev/kvm"}],
      "Binds":["/run/docker.sock:/s","/srv/media/a:/m","/objects/abc:/o:ro","/data/shop/x:/x","/etc/letsencrypt/live/x/k:/k"]})",
      R"({"binds":["/srv/media"],"docker_socket":["shop/production"],"privileged":["shop/production/web"],
      "host_network":["shop/production/web"],"capabilities":{"shop/production/web":["CAP_NET_ADMIN"]},
      "devices":{"shop/production":["/dev/kvm"]},"external":["proxy"]})");
  EXPECT_TRUE(allowed) << render(allowed.error());
}

TEST_F(PolicyTest, ObjectsAreThisStacksOwnAndReadOnly) {
  EXPECT_FALSE(check(R"({"Binds":["/objects/abc:/o"]})"));
  EXPECT_FALSE(check(R"({"Binds":["/objects/other:/o:ro"]})"));
}

TEST_F(PolicyTest, AVolumesRelativeDeviceIsThatOfTheHost) {
  volumes_.push_back(
      {"sly", "p_sly", parse(R"({"DriverOpts":{"o":"bind","device":"etc"}})"), false});
  EXPECT_THAT(render(check("{}").error()), testing::HasSubstr("sly   the host's /etc"));
}

TEST_F(PolicyTest, AnEmptyRootIsNoRoot) {
  EXPECT_FALSE(check(R"({"Binds":["/etc:/o"]})", R"({"binds":[""]})"));
}

TEST_F(PolicyTest, ALinkThatAContainerMayHaveMadeIsNotFollowed) {
  const std::string media = top() + "/media";
  ASSERT_TRUE(make_folders(media));
  ASSERT_EQ(::symlink("/etc", (media + "/link").c_str()), 0);
  const auto denied = check(R"({"Binds":[")" + media + R"(/link/shadow:/x"]})",
                            R"({"binds":[")" + media + R"("]})");
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, "path.symlink");
}

TEST_F(PolicyTest, BuildContextsLieInTheTree) {
  EXPECT_EQ(check("{}", "{}", R"({"services":{"a":{"build":{"context":"/etc"}}}})").error().code,
            "path.escape");
  EXPECT_EQ(check("{}", "{}", R"({"services":{"a":{"build":{"context":"https://x/y.git"}}}})")
                .error()
                .code,
            "compose.remote_denied");
  EXPECT_TRUE(check("{}", "{}", R"({"services":{"a":{"build":{"context":")" + root() + R"("}}}})"));
}

}  // namespace
}  // namespace reconciler::docker
