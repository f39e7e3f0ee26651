#include "tests/simulation/containers/engine_seam.hpp"

namespace reconciler::simulation {

template <class F>
std::invoke_result_t<F> EngineSeam::change(const F& f) {
  if (!life_.cross()) return failure(died());
  at_change_();
  machine_.work();
  auto& changes = machine_.engine().changes;
  changes.clear();
  auto done = f();
  for (const auto& text : changes) changed_(text);
  machine_.tick();
  if (!life_.cross()) return failure(died());
  return done;
}

Result<docker::Answer> EngineSeam::call(const std::string& method, const std::string& path,
                                        const Json* body, Deadline deadline, std::stop_token stop) {
  if (method != "GET")
    return change([&] { return machine_.engine().call(method, path, body, deadline, stop); });
  if (life_.dead()) return failure(died());
  return machine_.engine().call(method, path, body, deadline, std::move(stop));
}

Result<docker::Answer> EngineSeam::put_archive(const std::string& path, const std::string& tar,
                                               Deadline deadline) {
  return change([&] { return machine_.engine().put_archive(path, tar, deadline); });
}

Status EngineSeam::stream(const std::string& method, const std::string& path, const Json* body,
                          const std::function<void(std::string_view)>& on_line, Deadline deadline,
                          std::stop_token stop) {
  // A log has nothing in it, and is at its end at once.
  if (method == "GET") return life_.dead() ? failure(died()) : Status{};
  return change(
      [&] { return machine_.engine().stream(method, path, body, on_line, deadline, stop); });
}

Status EngineSeam::exec(const std::string& id, const docker::ExecPipes& pipes, Deadline deadline,
                        std::stop_token stop) {
  return change([&] { return machine_.engine().exec(id, pipes, deadline, stop); });
}

Result<std::string> EngineSeam::api_version(Deadline deadline) {
  if (life_.dead()) return failure(died());
  return machine_.engine().api_version(deadline);
}

}  // namespace reconciler::simulation
