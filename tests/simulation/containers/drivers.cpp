#include "tests/simulation/containers/drivers.hpp"

#include "plugins/docker/driver.hpp"

namespace reconciler::simulation {
namespace {

/// Compose is asked for a build as a program, which is none of the Engine's calls: here the machine
/// does it.
class Builds final : public Driver {
 public:
  using Changed = std::function<void(const std::string&)>;

  Builds(Life& life, const std::function<void()>& at_change, Machine& machine,
         StackCompiler& compiler, const InstallationKey& key, const Place& place, Changed changed)
      : life_(life),
        machine_(machine),
        changed_(changed),
        seam_(life, machine, at_change, std::move(changed)),
        real_(docker::make_docker_driver(seam_, compiler, place.clock, key,
                                         {"", "", place.state, "", ""})) {}

  Description describe() const override { return real_->describe(); }
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override {
    return real_->prepare(request, variables, deadline);
  }
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override {
    return real_->observe(id, wanted, memory, variables, deadline);
  }
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    if (attempt.work.verb == "build") return build(text_at(attempt.work.input, "image"));
    return real_->perform(attempt, variables, progress, std::move(stop));
  }
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    return real_->recover(attempt, variables, progress, std::move(stop));
  }
  Result<SealedRecords> snapshot(const EnvironmentId& id, const Json& wanted,
                                 Deadline deadline) override {
    return real_->snapshot(id, wanted, deadline);
  }
  Result<Prepared> restore(const Recorded& recorded, Deadline deadline) override {
    return real_->restore(recorded, deadline);
  }
  std::vector<Finding> check(Deadline deadline) override { return real_->check(deadline); }

 private:
  Result<Outcome> build(const std::string& image) {
    if (!life_.cross()) return failure(died());
    machine_.work();
    if (machine_.engine().dead())
      return failure(error("image.build_failed", "the Engine does not answer").passing());
    if (!machine_.build(image.substr(image.find(':') + 1)))
      return failure(error("image.build_failed", image + " does not build"));
    changed_("POST /build " + image);
    if (!life_.cross()) return failure(died());
    return Outcome{Fate::succeeded, JsonObject{}};
  }

  Life& life_;
  Machine& machine_;
  const Changed changed_;
  EngineSeam seam_;
  const std::unique_ptr<Driver> real_;
};

}  // namespace

std::unique_ptr<Driver> containers_driver(Life& life, const std::function<void()>& at_change,
                                          Machine& machine, StackCompiler& compiler,
                                          const InstallationKey& key, const Place& place,
                                          std::function<void(const std::string&)> changed) {
  return std::make_unique<Builds>(life, at_change, machine, compiler, key, place,
                                  std::move(changed));
}

}  // namespace reconciler::simulation
