#include "plugins/docker/check.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <optional>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/size.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// Below that a build or a pull may fill it; below the second, whatever is written next.
constexpr std::int64_t little = 5'000'000'000;
constexpr std::int64_t hardly_any = 1'000'000'000;

/// The first line of `PROGRAM version --short`; empty where it does not tell.
std::string version_of(const std::string& program, Duration within) {
  Command command;
  command.argv = {program, "version", "--short"};
  command.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/nonexistent"}};
  command.timeout = within;
  command.most_output = 4096;
  const auto told = run_process(command);
  if (!told || told->exit_code != 0) return "";
  return printable(trim(split(told->out, '\n').front()), 40);
}

/// docker-compose 1.x, where a person would have it; empty where it is not.
std::string old_compose() {
  for (const char* path : {"/usr/local/bin/docker-compose", "/usr/bin/docker-compose"})
    if (::access(path, X_OK) == 0) return path;
  return "";
}

Finding check_compose(const std::string& plugin, Duration within) {
  if (!plugin.empty() && exists(plugin)) {
    const auto version = version_of(plugin, within);
    if (!version.empty()) return {true, fmt::format("Compose {}, {}", version, plugin), ""};
    return {false, fmt::format("Compose {} does not say its version", plugin),
            "put one that runs on this machine there, then: reconciler doctor"};
  }
  std::string what = "Compose no v2";
  if (const auto old = old_compose(); !old.empty())
    what += fmt::format(
        "; docker-compose {} is here and is not used: containers that it made are taken over "
        "without a restart",
        version_of(old, within));
  return {false, std::move(what),
          "put the binary, made executable, at /usr/local/lib/docker/cli-plugins/docker-compose "
          "(https://github.com/docker/compose/releases), then: reconciler doctor"};
}

std::optional<Finding> check_disk(Engine& engine, Deadline deadline) {
  const auto info = engine.get("/info", deadline);
  if (!info) return std::nullopt;  // said of the Engine already
  const auto root = text_at(*info, "DockerRootDir");
  struct statvfs about {};
  if (root.empty() || ::statvfs(root.c_str(), &about) != 0)
    return std::nullopt;  // the Engine has it elsewhere: this is not its machine
  const auto left = static_cast<std::int64_t>(about.f_bavail * about.f_frsize);
  return Finding{left >= hardly_any,
                 fmt::format("disk {} has {} left", root, size_for_people(left)),
                 left >= little ? ""
                                : "build_cache: 10GB in the host file bounds what builds keep; "
                                  "`keep` in a manifest how many images stay; docker system df "
                                  "says what there is"};
}

}  // namespace

std::vector<Finding> check_docker(const Context& context, Deadline deadline) {
  std::vector<Finding> findings;
  const auto before = context.clock.now();
  auto version = context.engine.get("/version", deadline);
  if (version)
    findings.push_back(
        {true,
         fmt::format("Engine {}, API {}, answers in {} ms", text_at(*version, "Version"),
                     text_at(*version, "ApiVersion"), (context.clock.now() - before).count()),
         ""});
  else
    findings.push_back({false, "Engine " + version.error().message, version.error().hint});
  findings.push_back(check_compose(context.paths.compose_plugin, deadline.left(context.clock)));
  if (::access(context.paths.docker_cli.c_str(), X_OK) != 0)
    findings.push_back(
        {true,
         fmt::format("docker {} is not there: images can be built, and not be pulled",
                     context.paths.docker_cli),
         "apt-get install docker.io, or put the docker command there"});
  if (!version) return findings;
  if (auto disk = check_disk(context.engine, deadline)) findings.push_back(std::move(*disk));
  return findings;
}

}  // namespace reconciler::docker
