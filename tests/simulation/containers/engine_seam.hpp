// What one process calls the Engine through: there it dies, between any two calls, and others do
// things meanwhile.
#pragma once

#include <functional>
#include <string>

#include "tests/simulation/containers/machine.hpp"
#include "tests/simulation/life.hpp"

namespace reconciler::simulation {

/// Looks are answered for as long as the process lives; each change crosses its life before and
/// after. Nothing is owned.
class EngineSeam final : public docker::Engine {
 public:
  /// `at_change` is called before each change; `changed` with each that took effect.
  EngineSeam(Life& life, Machine& machine, const std::function<void()>& at_change,
             std::function<void(const std::string&)> changed)
      : life_(life), machine_(machine), at_change_(at_change), changed_(std::move(changed)) {}

  Result<docker::Answer> call(const std::string& method, const std::string& path, const Json* body,
                              Deadline deadline, std::stop_token stop) override;
  Result<docker::Answer> put_archive(const std::string& path, const std::string& tar,
                                     Deadline deadline) override;
  Status stream(const std::string& method, const std::string& path, const Json* body,
                const std::function<void(std::string_view)>& on_line, Deadline deadline,
                std::stop_token stop) override;
  Status exec(const std::string& id, const docker::ExecPipes& pipes, Deadline deadline,
              std::stop_token stop) override;
  Result<std::string> api_version(Deadline deadline) override;
  const Clock& clock() const override { return machine_.engine().clock(); }

 private:
  template <class F>
  std::invoke_result_t<F> change(const F& f);

  Life& life_;
  Machine& machine_;
  const std::function<void()>& at_change_;
  const std::function<void(const std::string&)> changed_;
};

}  // namespace reconciler::simulation
