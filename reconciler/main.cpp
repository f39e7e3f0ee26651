// Puts the parts together; the only file that knows every plugin.
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "plugins/docker/discover/discover.hpp"
#include "plugins/docker/driver.hpp"
#include "plugins/docker/passthrough.hpp"
#include "plugins/files/driver.hpp"
#include "plugins/probe/driver.hpp"
#include "reconciler/cli/cli.hpp"

namespace {

using namespace reconciler;

std::string environment(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : std::move(otherwise);
}

/// DOCKER_HOST's Unix socket, or the usual one. A reconciler controls only the host that it runs
/// on.
Result<std::string> engine_socket() {
  const std::string host = environment("DOCKER_HOST", "unix:///var/run/docker.sock");
  if (host.starts_with("unix://")) return host.substr(7);
  return failure(
      error("docker.unreachable",
            "DOCKER_HOST is \"" + host +
                "\"; reconciler speaks to the Engine of its own machine, over its socket")
          .next("unset DOCKER_HOST, or set it to unix:///var/run/docker.sock"));
}

/// What the Docker driver works with; outlives it.
struct Docker {
  std::unique_ptr<docker::Engine> engine;
  std::unique_ptr<docker::Compiler> compiler;
};

Status add_docker(const cli::PluginParts& parts, std::shared_ptr<docker::Shared> shared,
                  Drivers& to) {
  auto socket = engine_socket();
  if (!socket) return failed(socket);
  docker::DockerPaths paths;
  paths.socket = *socket;
  paths.home = environment("HOME", "/root");
  paths.state = parts.state;
  paths.docker_cli = "/usr/bin/docker";
  auto plugin = docker::find_compose(paths.home);
  paths.compose_plugin = plugin.value_or("");
  auto with = std::make_shared<Docker>();
  with->engine = docker::make_engine_socket(*socket, parts.clock);
  with->compiler =
      docker::make_compiler(std::move(plugin), *socket, *with->engine, parts.key, parts.clock);
  auto driver = docker::make_docker_driver(*with->engine, *with->compiler, parts.clock, parts.key,
                                           std::move(paths), std::move(shared));
  return to.add(std::move(driver), std::move(with));
}

Result<std::unique_ptr<Drivers>> make_drivers(const cli::PluginParts& parts,
                                              const std::shared_ptr<docker::Shared>& shared,
                                              const std::string& only) {
  auto drivers = std::make_unique<Drivers>();
  const auto wanted = [&](std::string_view name) { return only.empty() || only == name; };
  if (wanted("compose"))
    if (auto done = add_docker(parts, shared, *drivers); !done) return failed(done);
  if (wanted("files"))
    if (auto done = drivers->add(std::make_unique<files::FilesDriver>()); !done)
      return failed(done);
  if (wanted("probe"))
    if (auto done = drivers->add(std::make_unique<probe::ProbeDriver>(parts.helper)); !done)
      return failed(done);
  return drivers;
}

/// What `init` asks: what is deployed from a folder.
Result<Discovered> discover(const DiscoverRequest& request, std::stop_token stop) {
  auto socket = engine_socket();
  if (!socket) return failed(socket);
  const SystemClock clock;
  const auto engine = docker::make_engine_socket(*socket, clock);
  return docker::discover(*engine, docker::find_compose(environment("HOME", "/root")), request,
                          std::move(stop));
}

/// What `compose` passes on to.
Result<Command> compose(const PassRequest& request) {
  auto socket = engine_socket();
  if (!socket) return failed(socket);
  docker::PassWith with;
  with.socket = *socket;
  for (char** one = ::environ; *one; ++one) {
    const std::string_view pair(*one);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos)
      with.own[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
  }
  auto plugin = docker::find_compose(environment("HOME", "/root"));
  if (!plugin) return failed(plugin);
  with.plugin = *plugin;
  return docker::compose_command(request, with);
}

}  // namespace

int main(int argc, char** argv) {
  const auto shared = std::make_shared<docker::Shared>();
  return cli::run(argc, argv, RECONCILER_VERSION,
                  [&](const cli::PluginParts& parts, const std::string& only) {
                    return make_drivers(parts, shared, only);
                  },
                  discover, {docker::may_pass, compose});
}
