// Puts the parts together; the only file that knows every plugin.
#include <cstdlib>
#include <memory>

#include "plugins/docker/driver.hpp"
#include "plugins/files/driver.hpp"
#include "plugins/probe/driver.hpp"
#include "reconciler/cli/cli.hpp"

namespace {

using namespace reconciler;

std::string environment(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : std::move(otherwise);
}

/// DOCKER_HOST's Unix socket, or the usual one. A reconciler controls only the host that it runs on.
Result<std::string> engine_socket() {
  const std::string host = environment("DOCKER_HOST", "unix:///var/run/docker.sock");
  if (host.starts_with("unix://")) return host.substr(7);
  return failure(error("docker.unreachable", "DOCKER_HOST is \"" + host + "\"; reconciler speaks to the Engine of its own machine, over its socket")
                     .next("unset DOCKER_HOST, or set it to unix:///var/run/docker.sock"));
}

Result<std::unique_ptr<Drivers>> make_drivers(const cli::PluginParts& parts) {
  auto socket = engine_socket();
  if (!socket) return failed(socket);
  auto drivers = std::make_unique<Drivers>();
  auto add = [&](std::unique_ptr<Driver> driver) { return drivers->add(std::move(driver)); };
  docker::DockerPaths paths;
  paths.socket = *socket;
  paths.home = environment("HOME", "/root");
  paths.state = parts.state;
  if (auto done = add(docker::make_docker_driver(std::move(paths), parts.key, parts.clock)); !done) return failed(done);
  if (auto done = add(std::make_unique<files::FilesDriver>()); !done) return failed(done);
  if (auto done = add(std::make_unique<probe::ProbeDriver>(parts.helper)); !done) return failed(done);
  return drivers;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(argc, argv, RECONCILER_VERSION, make_drivers); }
