// The application of chronicles of containers: what each of its versions is compiled to.
#pragma once

#include <string>

#include "plugins/docker/compose/compiler.hpp"

namespace reconciler::simulation {

/// One project, `a`: a database that stays, a site and a worker that are built anew with each
/// version, and a task that migrates. Some versions change more than that.
docker::CompiledModel stack_of(const std::string& tag, const InstallationKey& key);
/// What the site and the worker of a version are made from.
std::string stack_image(const std::string& tag);
/// What the container of a service is called in a version.
std::string stack_name(const std::string& service, const std::string& tag);
/// Which version a container is of, as its create call says; empty: it is none of the application.
std::string version_of(const Json& body);
/// The manifest's sections.
Json stack_sections();

/// Knows the stack's versions by their tags, and a model by its key.
class StackCompiler final : public docker::Compiler {
 public:
  explicit StackCompiler(InstallationKey key) : key_(std::move(key)) {}
  Result<docker::CompiledModel> compile(const docker::CompileInput& input, const Variables&,
                                        Deadline, std::stop_token stop) override;
  Result<docker::SharedModel> compile_unless(const docker::KnownModels& known,
                                             const docker::CompileInput& input,
                                             const Variables& variables,
                                             Deadline deadline) override;
  Result<docker::CompiledModel> load(const std::string& cache, const std::string& key) override;
  Result<std::string> config_hash(const docker::CompiledModel& model,
                                  const docker::Container& container,
                                  const std::map<std::string, std::string>& ids, Deadline deadline,
                                  std::stop_token stop) override;

 private:
  const InstallationKey key_;
};

}  // namespace reconciler::simulation
