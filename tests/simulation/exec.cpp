// What is run in a simulated container: written down, and ended at once.
#include "reconciler/base/text.hpp"
#include "tests/simulation/answers.hpp"
#include "tests/simulation/engine.hpp"

namespace reconciler::simulation {

docker::Answer SimulatedEngine::make_exec(const SimulatedContainer& container, const Json& body) {
  if (container.state != "running") return refused(409, "container is not running");
  const auto id = fresh_id();
  made_execs_[id] = {container.name, body};
  return json(201, JsonObject{{"Id", id}});
}

Status SimulatedEngine::stream(const std::string&, const std::string& path, const Json*,
                               const std::function<void(std::string_view)>&, Deadline,
                               std::stop_token) {
  auto done = mortal(true, [&]() -> docker::Answer {
    const auto parts = split(path, '/');  // /exec/ID/start
    const auto found = parts.size() > 2 ? made_execs_.find(parts[2]) : made_execs_.end();
    if (found == made_execs_.end()) return {200, {}, ""};
    changes.push_back("POST /exec/start " + found->second.container);
    execs.push_back(found->second);
    return {200, {}, ""};
  });
  if (!done) return failed(done);
  return {};
}

Status SimulatedEngine::exec(const std::string& id, const docker::ExecPipes& pipes,
                             Deadline deadline, std::stop_token stop) {
  auto done = stream("POST", "/exec/" + id + "/start", nullptr, {}, deadline, std::move(stop));
  if (!done || exec_output.empty()) return done;
  return pipes.out(exec_output);
}

}  // namespace reconciler::simulation
