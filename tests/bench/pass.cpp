// A pass inside `run`: one process that reconciles again and again, beside the bare GETs that such
// a pass needs over connections kept open. `pass SOCKET COMPOSE STATE REPO PROJECT`, all of an
// environment that runs. Prints medians in milliseconds: pass and GETs with inspects that are kept,
// as `run` has them while it hears the Engine, then pass and GETs where each container is
// inspected.
#include <algorithm>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include "plugins/docker/driver.hpp"
#include "plugins/files/driver.hpp"
#include "reconciler/cli/context.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/service/log_events.hpp"
#include "reconciler/service/watch.hpp"
#include "tests/bench/connection.hpp"

namespace {

using namespace reconciler;

constexpr int rounds = 101;

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
  BareGets(const std::string& socket, const std::string& project) {
    for (int i = 0; i < 4; ++i) lanes_.push_back(std::make_unique<bench::Connection>(socket));
    lists_ = {bench::containers_of(project), "/images/json",
              "/networks" + bench::of_project(project), "/volumes" + bench::of_project(project)};
    const auto list = boost::json::parse(lanes_[0]->get(lists_[0]));
    for (const auto& one : list.as_array())
      inspects_.push_back("/containers/" + std::string(one.as_object().at("Id").as_string()) +
                          "/json");
  }
  void lists() { all(lists_); }
  void inspects() { all(inspects_); }

 private:
  void all(const std::vector<std::string>& paths) {
    const auto lane = [&](size_t first) {
      for (size_t i = first; i < paths.size(); i += lanes_.size()) lanes_[first]->get(paths[i]);
    };
    std::vector<std::jthread> others;
    for (size_t i = 1; i < lanes_.size() && i < paths.size(); ++i) others.emplace_back(lane, i);
    lane(0);
  }

  std::vector<std::unique_ptr<bench::Connection>> lanes_;
  std::vector<std::string> lists_;
  std::vector<std::string> inspects_;
};

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fputs(render(result.error()).c_str(), stderr);
  std::exit(1);
}

struct Medians {
  double pass;
  double gets;
};

template <class Gets>
Medians measure(const Parts& parts, const Asked& asked, Events& events, Gets gets) {
  const auto decline = [](const Look&) -> Result<bool> { return false; };
  std::vector<double> pass;
  std::vector<double> bare;
  for (int round = 0; round <= rounds; ++round) {
    const double ours = timed([&] {
      if (!must(reconcile(parts, asked, "bench", decline, events, {})).plan.empty()) std::exit(2);
    });
    const double theirs = timed(gets);
    if (round == 0) continue;  // warms
    pass.push_back(ours);
    bare.push_back(theirs);
  }
  return {median(pass), median(bare)};
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
  const Asked asked{manifests.environments.at(0), snapshot, true};
  const auto log = log_to_stderr();
  LogEvents events(*log, asked.spec.id);
  BareGets gets(socket, argv[5]);

  const Medians inspecting = measure(parts, asked, events, [&] {
    gets.lists();
    gets.inspects();
  });
  std::latch listens(1);
  std::once_flag once;
  const auto heard = [&](const Heard&) { std::call_once(once, [&] { listens.count_down(); }); };
  const Watch watch(parts.drivers, heard, context.clock(), *log);
  listens.wait();
  const Medians keeping = measure(parts, asked, events, [&] { gets.lists(); });
  std::printf("%.3f %.3f %.3f %.3f\n", keeping.pass, keeping.gets, inspecting.pass,
              inspecting.gets);
  return 0;
}
