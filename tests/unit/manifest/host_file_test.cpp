#include "reconciler/manifest/host_file.hpp"

#include <gtest/gtest.h>

#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

class HostFile : public testing::Test {
 protected:
  Result<Host> read(std::string_view text) {
    files_.write("host.yaml", text);
    return read_host_file(files_.path("host.yaml"));
  }
  /// Mistakes without the folder of the test.
  std::string said(std::string_view text) {
    const auto host = read(text);
    std::string out = host ? "" : render(host.error());
    for (size_t at = 0; (at = out.find(files_.root() + "/")) != std::string::npos;)
      out.erase(at, files_.root().size() + 1);
    return out;
  }
  Files files_;
};

TEST_F(HostFile, DefaultsServe) {
  const auto host = read("name: local\n");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->file, files_.path("host.yaml"));
  EXPECT_EQ(host->name, "local");
  EXPECT_EQ(host->parallel, 2);
  EXPECT_TRUE(host->repositories.empty());
  EXPECT_EQ(read_host_file(files_.path("nowhere.yaml")).error().code, "file.not_found");
}

TEST_F(HostFile, ReadsEverything) {
  const auto host = read(R"(
name: production
repositories:
  deploy: { url: git@github.com:acme/deploy.git, branch: main, ssh_key: /etc/k, known_hosts: /etc/h, poll: 5m }
  other: /srv/other
sources:
  /srv/src/portfolio: {}
  git@github.com:acme/: { ssh_key: /etc/s, known_hosts: /etc/h }
serve: [portfolio/production]
data: /srv
parallel: 4
look: 5m
providers:
  doppler:
    command: [doppler, secrets, download, --project, "${APPLICATION}"]
    environment: { DOPPLER_TOKEN: { file: /etc/token }, LANG: C }
    timeout: 5s
    refresh: 1m
    keep_last: 24h
  plain: { file: "/etc/${APPLICATION}.env" }
  shell: { from_environment: [A, B] }
environments:
  portfolio/production:
    files: { .env.production: /opt/portfolio/.env.production, ./certs/: /etc/certs }
    data: /opt/portfolio/
    also_lock: [/var/lock/portfolio-deploy.lock]
policy:
  state_files: [/var/lib/portfolio]
  binds: [/mnt, /opt/media]
  allow:
    docker_socket: [epsm/production/celery_worker]
    privileged: []
    host_network: [epsm/production]
    capabilities: { portfolio/production/vpn: [NET_ADMIN] }
    devices: { portfolio/production/vpn: [/dev/net/tun] }
    external: [proxy]
)");
  ASSERT_TRUE(host) << render(host.error());
  EXPECT_EQ(host->name, "production");
  ASSERT_EQ(host->repositories.size(), 2U);
  EXPECT_EQ(host->repositories[0].name, "deploy");
  EXPECT_EQ(host->repositories[0].branch, "main");
  EXPECT_EQ(host->repositories[0].poll, std::chrono::minutes(5));
  EXPECT_EQ(host->repositories[0].known_hosts, "/etc/h");
  EXPECT_EQ(host->repositories[1].url, "/srv/other");
  EXPECT_EQ(host->repositories[1].poll, std::chrono::seconds(60));
  EXPECT_EQ(host->repositories[1].place.line, 5);
  EXPECT_EQ(host->sources.at("git@github.com:acme/").ssh_key, "/etc/s");
  EXPECT_EQ(host->environments.at("portfolio/production").also_lock,
            std::vector<std::string>{"/var/lock/portfolio-deploy.lock"});
  EXPECT_EQ(host->sources.count("/srv/src/portfolio"), 1U);
  EXPECT_EQ(host->serve, std::vector<std::string>{"portfolio/production"});
  EXPECT_EQ(host->data, "/srv");
  EXPECT_EQ(host->parallel, 4);
  EXPECT_EQ(host->look, Duration(std::chrono::minutes(5)));
  const Provider& doppler = host->providers.at("doppler");
  EXPECT_EQ(doppler.command, (std::vector<std::string>{"doppler", "secrets", "download",
                                                       "--project", "${APPLICATION}"}));
  EXPECT_EQ(doppler.environment.at("DOPPLER_TOKEN").file, "/etc/token");
  EXPECT_EQ(doppler.environment.at("LANG").text, "C");
  EXPECT_EQ(doppler.timeout, Duration(std::chrono::seconds(5)));
  EXPECT_EQ(doppler.refresh, Duration(std::chrono::minutes(1)));
  EXPECT_EQ(doppler.keep_last, Duration(std::chrono::hours(24)));
  EXPECT_EQ(host->providers.at("plain").file, "/etc/${APPLICATION}.env");
  EXPECT_EQ(host->providers.at("shell").names, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(host->providers.at("shell").refresh, Duration(std::chrono::minutes(10)));
  const HostEnvironment& environment = host->environments.at("portfolio/production");
  EXPECT_EQ(environment.files.at(".env.production"), "/opt/portfolio/.env.production");
  EXPECT_EQ(environment.files.at("certs"), "/etc/certs");
  EXPECT_EQ(environment.data, "/opt/portfolio");
  EXPECT_EQ(host->policy.state_files, std::vector<std::string>{"/var/lib/portfolio"});
  EXPECT_EQ(host->policy.binds.size(), 2U);
  EXPECT_EQ(host->policy.docker_socket, std::vector<std::string>{"epsm/production/celery_worker"});
  EXPECT_EQ(host->policy.host_network, std::vector<std::string>{"epsm/production"});
  EXPECT_EQ(host->policy.capabilities.at("portfolio/production/vpn"),
            std::vector<std::string>{"NET_ADMIN"});
  EXPECT_EQ(host->policy.devices.at("portfolio/production/vpn"),
            std::vector<std::string>{"/dev/net/tun"});
  EXPECT_EQ(host->policy.external, std::vector<std::string>{"proxy"});
}

TEST_F(HostFile, AProviderIsOneOfThree) {
  EXPECT_EQ(
      said("providers:\n"
           "  none: {}\n"
           "  both: { file: /a, from_environment: [A] }\n"
           "  told: { command: [x, \"${TOKEN}\"] }\n"
           "  near: { file: a }\n"),
      "host.yaml:2:9: error manifest.conflict: provider none has none of command, file and "
      "from_environment\n"
      "    2 |   none: {}\n"
      "      |         ^ write exactly one of them\n"
      "host.yaml:3:9: error manifest.conflict: provider both has more than one of command, "
      "file and from_environment\n"
      "    3 |   both: { file: /a, from_environment: [A] }\n"
      "      |         ^ write exactly one of them\n"
      "host.yaml:4:24: error variables.unknown: a provider is not told ${TOKEN}\n"
      "    4 |   told: { command: [x, \"${TOKEN}\"] }\n"
      "      |                        ^^^^^^^^^^ it is told ${APPLICATION}, ${ENVIRONMENT} and "
      "${FILE}\n"
      "host.yaml:5:17: error path.relative: file is \"a\", and must be absolute\n"
      "    5 |   near: { file: a }\n"
      "      |                 ^ begin it with /\n");
}

TEST_F(HostFile, SaysAllThatIsWrong) {
  EXPECT_EQ(
      said("polcy: {}\n"
           "parallel: 0\n"
           "data: srv\n"
           "serve: [portfolio]\n"
           "repositories: { deploy: { branch: main, poll: 60 } }\n"
           "environments:\n"
           "  portfolio/production: { files: { ../x: /a, /y: b } }\n"
           "policy: { binds: [mnt], allow: { priviliged: [], privileged: [a] } }\n"),
      "host.yaml:1:1: error manifest.unknown_key: a host file has no key \"polcy\"\n"
      "    1 | polcy: {}\n"
      "      | ^^^^^ did you mean \"policy\"?\n"
      "host.yaml:2:11: error number.range: parallel is 0, and wants a whole number from 1 to 64\n"
      "    2 | parallel: 0\n"
      "      |           ^\n"
      "host.yaml:3:7: error path.relative: data is \"srv\", and must be absolute\n"
      "    3 | data: srv\n"
      "      |       ^^^ begin it with /\n"
      "host.yaml:4:9: error name.invalid: \"portfolio\" is not APP/ENV\n"
      "    4 | serve: [portfolio]\n"
      "      |         ^^^^^^^^^ write the application, a slash and the environment\n"
      "host.yaml:5:25: error manifest.missing: repository deploy has no url\n"
      "    5 | repositories: { deploy: { branch: main, poll: 60 } }\n"
      "      |                         ^ add url: https://..., git@host:path or an absolute path\n"
      "host.yaml:5:47: error duration.invalid: \"60\" has no unit\n"
      "    5 | repositories: { deploy: { branch: main, poll: 60 } }\n"
      "      |                                               ^^ write 60s, 60m or 60h\n"
      "host.yaml:7:36: error path.escape: a place of files is \"../x\", and may not hold ..\n"
      "    7 |   portfolio/production: { files: { ../x: /a, /y: b } }\n"
      "      |                                    ^^^^ name the place itself\n"
      "host.yaml:7:46: error path.escape: a place of files is \"/y\", and must lie inside the "
      "tree\n"
      "    7 |   portfolio/production: { files: { ../x: /a, /y: b } }\n"
      "      |                                              ^^ write it without the leading /; "
      "what is not in git goes into the host file's `files`\n"
      "host.yaml:7:50: error path.relative: files is \"b\", and must be absolute\n"
      "    7 |   portfolio/production: { files: { ../x: /a, /y: b } }\n"
      "      |                                                  ^ begin it with /\n"
      "host.yaml:8:19: error path.relative: binds is \"mnt\", and must be absolute\n"
      "    8 | policy: { binds: [mnt], allow: { priviliged: [], privileged: [a] } }\n"
      "      |                   ^^^ begin it with /\n"
      "host.yaml:8:34: error manifest.unknown_key: policy.allow has no key \"priviliged\"\n"
      "    8 | policy: { binds: [mnt], allow: { priviliged: [], privileged: [a] } }\n"
      "      |                                  ^^^^^^^^^^ did you mean \"privileged\"?\n"
      "host.yaml:8:63: error name.invalid: \"a\" names no service\n"
      "    8 | policy: { binds: [mnt], allow: { priviliged: [], privileged: [a] } }\n"
      "      |                                                               ^ write "
      "APP/ENV/SERVICE, or APP/ENV for all its services\n");
}

}  // namespace
}  // namespace reconciler
