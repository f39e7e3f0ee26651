// A pass inside `run`: one process that looks again and again, beside the bare GETs that such a
// look needs over connections kept open. `pass SOCKET COMPOSE STATE REPO PROJECT`, all of an
// environment that runs; prints medians of both in milliseconds and the peak memory.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "plugins/docker/driver.hpp"
#include "plugins/files/driver.hpp"
#include "reconciler/cli/context.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "tests/bench/connection.hpp"

namespace {

using namespace reconciler;

constexpr int rounds = 31;

template <class Work>
double timed(Work work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
      .count();
}

double median(std::vector<double> all) {
  std::nth_element(all.begin(), all.begin() + all.size() / 2, all.end());
  return all[all.size() / 2];
}

/// The GETs alone: nothing is parsed, four connections as the reconciler has them.
class BareGets {
 public:
  BareGets(const std::string& socket, std::string project) : project_(std::move(project)) {
    for (int i = 0; i < 4; ++i) lanes_.push_back(std::make_unique<bench::Connection>(socket));
    const auto list = boost::json::parse(lanes_[0]->get(bench::containers_of(project_)));
    for (const auto& one : list.as_array()) ids_.emplace_back(one.as_object().at("Id").as_string());
  }
  void operator()() {
    lanes_[0]->get(bench::containers_of(project_));
    lanes_[0]->get("/images/json");
    std::vector<std::jthread> threads;
    for (size_t lane = 0; lane < lanes_.size() && lane < ids_.size(); ++lane)
      threads.emplace_back([this, lane] {
        for (size_t i = lane; i < ids_.size(); i += lanes_.size())
          lanes_[lane]->get("/containers/" + ids_[i] + "/json");
      });
  }

 private:
  std::string project_;
  std::vector<std::unique_ptr<bench::Connection>> lanes_;
  std::vector<std::string> ids_;
};

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fputs(render(result.error()).c_str(), stderr);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 64;
  const std::string socket = argv[1];
  cli::Options options;
  options.state = argv[3];
  options.repo = argv[4];
  std::unique_ptr<docker::Engine> engine;
  std::unique_ptr<docker::Compiler> compiler;
  cli::Context context(
      options,
      [&](const cli::PluginParts& parts, const std::string&) -> Result<std::unique_ptr<Drivers>> {
        docker::DockerPaths paths;
        paths.socket = socket;
        paths.home = "/";
        paths.state = parts.state;
        paths.docker_cli = "/usr/bin/docker";
        paths.compose_plugin = argv[2];
        engine = docker::make_engine_socket(socket, parts.clock);
        compiler = docker::make_compiler(argv[2], socket, *engine, parts.key, parts.clock);
        auto drivers = std::make_unique<Drivers>();
        if (auto done = drivers->add(docker::make_docker_driver(*engine, *compiler, parts.clock,
                                                                parts.key, std::move(paths)));
            !done)
          return failed(done);
        if (auto done = drivers->add(std::make_unique<files::FilesDriver>()); !done)
          return failed(done);
        return drivers;
      },
      {});
  const Parts parts = must(context.parts());
  const Mirror mirror(options.state, parts.host.repositories.front(), MirrorOf::config,
                      context.helper(), context.clock());
  const Snapshot snapshot = must(mirror.last());
  const Manifests manifests = must(read_manifests(snapshot.folder));
  const Asked asked{manifests.environments.at(0), snapshot, false};
  BareGets gets(socket, argv[5]);

  std::vector<double> pass;
  std::vector<double> bare;
  for (int round = 0; round <= rounds; ++round) {
    const double ours = timed([&] {
      if (!must(look(parts, asked, {})).plan.empty()) std::exit(2);
    });
    const double theirs = timed([&] { gets(); });
    if (round == 0) continue;  // warms
    pass.push_back(ours);
    bare.push_back(theirs);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%.3f %.3f %.1f\n", median(pass), median(bare),
              static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}
