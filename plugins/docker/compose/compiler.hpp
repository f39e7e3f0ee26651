// Compose as a compiler: from a commit's tree and variables to the compiled model.
// DESIGN: resolve, hold against the allow-list, place sources, compile against a recording socket,
// bring into canonical form, check the policy. Cached sealed; with nothing new no process starts.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/compose/model.hpp"
#include "reconciler/base/sealed.hpp"
#include "reconciler/model/names.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler::docker {

/// Everything that the compiled model depends on besides Compose and the Engine.
struct CompileInput {
  EnvironmentId id;
  std::string tag;
  Json sections;     ///< EnvironmentSpec::sections: compose, data, images, release, verify
  std::string tree;  ///< the application's exported folder
  std::string
      tree_index;  ///< JSON file: [{path, mode, oid}], folders too, paths relative to `tree`
  std::string commit;
  std::string objects;  ///< folder for objects/OID
  Json host;            ///< {data, files: {place: real}, policy: {...}}
  std::string cache;    ///< folder for sealed models
};

using SharedModel = std::shared_ptr<const CompiledModel>;
/// The model that somebody has by that key, or none.
using KnownModels = std::function<SharedModel(const std::string& key)>;

class Compiler {
 public:
  virtual ~Compiler() = default;
  /// The compiled model, from the cache when nothing is new. Mistakes of the manifest carry a JSON
  /// pointer as their place's file; those of compose files, file:line in the tree.
  virtual Result<CompiledModel> compile(const CompileInput& input, const Variables& variables,
                                        Deadline deadline, std::stop_token stop = {}) = 0;
  /// The same, for who keeps models: one that is `known` is neither read nor made again.
  virtual Result<SharedModel> compile_unless(const KnownModels& known, const CompileInput& input,
                                             const Variables& variables, Deadline deadline) = 0;
  /// Compose's hash of a container of the model that refers to others, these having `ids` by name.
  /// Starts Compose once.
  virtual Result<std::string> config_hash(const CompiledModel& model, const Container& container,
                                          const std::map<std::string, std::string>& ids,
                                          Deadline deadline, std::stop_token stop = {}) = 0;
  /// A model that was compiled before, by its key; `cache.missing` when it is gone.
  virtual Result<CompiledModel> load(const std::string& cache, const std::string& key) = 0;
};

/// `compose_plugin` and `socket`: paths. `key` seals the cache and keys digests of secret values.
/// Without Compose its error is what compiling comes to: a way back needs none.
std::unique_ptr<Compiler> make_compiler(Result<std::string> compose_plugin, std::string socket,
                                        Engine& engine, InstallationKey key, const Clock& clock);

/// The first docker-compose of version 2 or later in Compose's own list of folders, `home` being
/// the user's; `compose.missing` says how to get it.
Result<std::string> find_compose(const std::string& home);

}  // namespace reconciler::docker
