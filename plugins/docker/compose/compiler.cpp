#include "plugins/docker/compose/compiler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/compose/additions.hpp"
#include "plugins/docker/compose/cache.hpp"
#include "plugins/docker/compose/images.hpp"
#include "plugins/docker/compose/policy.hpp"
#include "plugins/docker/compose/record.hpp"
#include "plugins/docker/compose/resolve.hpp"
#include "plugins/docker/compose/sources.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/held.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

const Json& section(const Json& sections, std::string_view name) {
  static const Json none = JsonObject{};
  const Json* found = member(sections, name);
  return found ? *found : none;
}

/// A container that may write a folder may put a link there, and the Engine follows it when another
/// one that mounts what lies below is started again: out of the data folder, to anywhere.
Status check_nesting(const std::vector<std::string>& folders, const std::string& data) {
  for (const auto& inner : folders)
    for (const auto& outer : folders)
      if (inner != outer && lies_under(inner, outer))
        return failure(error("compose.bind_nested",
                             fmt::format("./{} is mounted by itself and lies in ./{}, which is "
                                         "mounted too: a link put there would lead out of the data",
                                         inner.substr(std::min(data.size() + 1, inner.size())),
                                         outer.substr(std::min(data.size() + 1, outer.size()))))
                           .next("mount folders that lie beside each other"));
  return {};
}

/// What the manifest says of builds stands in each service's own `build`, as Compose is given it.
void build_as_asked(const Json& images, Json& resolved) {
  Json* services = resolved.is_object() ? resolved.as_object().if_contains("services") : nullptr;
  if (!services || !services->is_object()) return;
  for (auto& service : services->as_object()) {
    Json* build =
        service.value().is_object() ? service.value().as_object().if_contains("build") : nullptr;
    if (!build || !build->is_object()) continue;
    for (const auto* key : {"no_cache", "pull"})
      if (truth_at(images, key)) build->as_object()[key] = true;
  }
}

class ComposeCompiler final : public Compiler {
 public:
  ComposeCompiler(Result<std::string> plugin, std::string socket, Engine& engine,
                  InstallationKey key, const Clock& clock)
      : plugin_(std::move(plugin)),
        socket_(std::move(socket)),
        engine_(engine),
        key_(std::move(key)),
        clock_(clock) {}

  Result<CompiledModel> compile(const CompileInput& input, const Variables& variables,
                                Deadline deadline, std::stop_token stop) override {
    auto key = key_of(input, variables, deadline);
    if (!key) return failed(key);
    return read_or_make(std::move(*key), input, variables, deadline, std::move(stop));
  }

  Result<SharedModel> compile_unless(const KnownModels& known, const CompileInput& input,
                                     const Variables& variables, Deadline deadline) override {
    auto key = key_of(input, variables, deadline);
    if (!key) return failed(key);
    if (auto model = known(*key); model && still_whole(*model)) return model;
    auto model = read_or_make(std::move(*key), input, variables, deadline, {});
    if (!model) return failed(model);
    return std::make_shared<const CompiledModel>(std::move(*model));
  }

  Result<std::string> config_hash(const CompiledModel& model, const Container& container,
                                  const std::map<std::string, std::string>& ids, Deadline deadline,
                                  std::stop_token stop) override {
    if (!plugin_) return failure(plugin_.error());
    auto scratch = Scratch::make();
    if (!scratch) return failed(scratch);
    return config_hash_with(model, container, ids, *plugin_, *scratch, engine_, deadline,
                            std::move(stop));
  }

  Result<CompiledModel> load(const std::string& cache, const std::string& key) override {
    return load_model(cache, key, key_);
  }

 private:
  /// A clean-up may have taken objects that nothing seemed to need; the tree still has them.
  static bool still_whole(const CompiledModel& model) {
    return std::all_of(model.sources.begin(), model.sources.end(),
                       [](const auto& source) { return exists(source.first); });
  }

  Result<std::string> key_of(const CompileInput& input, const Variables& variables,
                             Deadline deadline) {
    if (!plugin_) return failure(plugin_.error());
    auto version = engine_.api_version(deadline);
    if (!version) return failed(version);
    return cache_key(input, variables, *plugin_, *version, key_);
  }

  Result<CompiledModel> read_or_make(std::string key, const CompileInput& input,
                                     const Variables& variables, Deadline deadline,
                                     std::stop_token stop) {
    if (auto stored = load_model(input.cache, key, key_); stored && still_whole(*stored))
      return stored;
    // Until the model is kept, nothing tells that its objects are needed.
    auto held = hold_folder(input.objects);
    if (!held) return failed(held);
    auto model = make(input, variables, deadline, std::move(stop));
    if (!model) return model;
    model->key = std::move(key);
    if (auto stored = store_model(input.cache, *model, key_); !stored) return failed(stored);
    return model;
  }

  Result<CompiledModel> make(const CompileInput& input, const Variables& variables,
                             Deadline deadline, std::stop_token stop) {
    if (!text_at(input.host, "data").starts_with('/') || !input.objects.starts_with('/'))
      return failure(error("host.data", "the folders for data and objects are not absolute paths"));
    auto tree = Tree::read(input.tree, input.tree_index, text_map_at(input.host, "files"));
    if (!tree) return failed(tree);
    auto stack =
        read_stack(*tree, texts_at(section(input.sections, "compose"), "files"), variables);
    if (!stack) return failed(stack);
    auto scratch = Scratch::make();
    if (!scratch) return failed(scratch);
    auto resolved =
        resolve(input, variables, *tree, *stack, *plugin_, *scratch, deadline.left(clock_), stop);
    if (!resolved) return failed(resolved);
    build_as_asked(section(input.sections, "images"), resolved->model);

    const Objects objects(*tree, input.objects);
    const std::string data = text_at(input.host, "data");
    auto sources = place_sources(resolved->model, *tree, objects, data,
                                 texts_at(input.sections, "data"), *stack);
    if (!sources) return failed(sources);
    if (auto apart = check_nesting(sources->data_folders, data); !apart) return failed(apart);
    auto record = record_model(*resolved, tree->root(), *plugin_, *scratch, engine_, variables,
                               deadline, stop);
    if (!record) return failed(record);
    if (auto added = add_what_is_added(*record, resolved->model, variables, *stack); !added)
      return failed(added);
    if (auto free = check_ports(*record); !free) return failed(free);
    std::set<std::string> placed;
    for (const auto& [path, relative] : sources->objects) placed.insert(path);
    const PolicyInput policy{input.id, section(input.host, "policy"), data, std::move(placed),
                             socket_};
    if (auto allowed = check_policy(*record, resolved->model, *tree, policy); !allowed)
      return failed(allowed);
    auto images = images_of(*record, resolved->model, section(input.sections, "images"), *tree,
                            *stack, key_.bytes);
    if (!images) return failed(images);
    if (auto added = add_wanted_images(section(input.sections, "images"), variables, *images);
        !added)
      return failed(added);

    auto jobs = awaited_jobs(resolved->model);
    for (auto& name : texts_at(section(input.sections, "compose"), "jobs"))
      jobs.insert(std::move(name));
    for (auto& container : record->containers) {
      container.job = jobs.contains(container.service);
      container.fingerprint = fingerprint_of(container, key_);
    }
    CompiledModel model;
    model.project = resolved->project;
    model.commit = input.commit;
    model.patience = patience_of(*record);
    model.containers = std::move(record->containers);
    model.tasks = std::move(record->tasks);
    model.networks = std::move(record->networks);
    model.volumes = std::move(record->volumes);
    model.images = std::move(*images);
    model.resolved = std::move(resolved->model);
    model.sources = std::move(sources->objects);
    model.data_folders = std::move(sources->data_folders);
    model.data_seeds = std::move(sources->data_seeds);
    return model;
  }

  /// Two containers of the stack cannot publish one port of the host: it shows when the second is
  /// started, and then the first has been touched.
  static Status check_ports(const Record& record) {
    std::map<std::string, std::string> holders;
    for (const auto& container : record.containers) {
      const Json& ports =
          member_or_null(member_or_null(container.config, "HostConfig"), "PortBindings");
      if (!ports.is_object()) continue;
      for (const auto& [port, bindings] : ports.get_object()) {
        if (!bindings.is_array()) continue;
        const std::string protocol(port.substr(
            port.find('/') == boost::json::string_view::npos ? port.size() : port.find('/')));
        for (const Json& binding : bindings.get_array()) {
          const auto number = text_at(binding, "HostPort");
          if (number.empty() || number == "0" || number.find('-') != std::string::npos) continue;
          const auto key = text_at(binding, "HostIp") + ":" + number + protocol;
          const auto [holder, first] = holders.emplace(key, container.name);
          if (!first && holder->second != container.name)
            return failure(error("compose.port_conflict",
                                 fmt::format("{} and {} both publish port {} of the host",
                                             holder->second, container.name, number + protocol))
                               .next("publish another one, a range, or none"));
        }
      }
    }
    return {};
  }

  /// Files that are copied in and hooks; the files under a label, since no inspect shows them.
  Status add_what_is_added(Record& record, const Json& resolved, const Variables& variables,
                           const Stack& stack) const {
    std::vector<Container*> all;
    for (auto& container : record.containers) all.push_back(&container);
    for (auto& [name, task] : record.tasks) all.push_back(&task);
    std::vector<Error> errors;
    for (Container* container : all) {
      auto files = archived_files(resolved, container->service, variables, stack);
      if (!files) {
        if (container->number == 1) errors.push_back(std::move(files.error()));
        continue;
      }
      if (!container->files.empty() && container->files != *files)
        errors.push_back(error("compose.unsupported",
                               fmt::format("Compose would copy other files into {} than those that "
                                           "its configs and secrets say",
                                           container->service)));
      if (auto apart = check_targets(*container, *files, stack); !apart) {
        if (container->number == 1) errors.push_back(std::move(apart.error()));
        continue;
      }
      container->files = std::move(*files);
      container->post_start = hooks_of(resolved, container->service, "post_start");
      container->pre_stop = hooks_of(resolved, container->service, "pre_stop");
      if (!container->files.empty())
        set_label(*container, files_label, digest_of_files(container->files, key_));
      if (!container->post_start.empty() || !container->pre_stop.empty())
        set_label(*container, hooks_label, digest_of_hooks(*container, key_));
    }
    if (errors.empty()) return {};
    return failure(gather(std::move(errors)));
  }

  /// What is copied in must be the container's own: through a volume it would reach the version
  /// that still runs, and no way back would take it out again.
  static Status check_targets(const Container& container, const std::vector<ArchivedFile>& files,
                              const Stack& stack) {
    const auto targets = mount_targets(container);
    for (const auto& file : files)
      for (const auto& target : targets)
        if (lies_under(clean_path(file.path), target) || lies_under(target, clean_path(file.path)))
          return failure(
              error("compose.unsupported",
                    fmt::format("{} would have {} copied into {}, where something is mounted",
                                container.service, file.path, target))
                  .at(stack.place({"services", container.service, "volumes"}))
                  .next("give the config or secret another target"));
    return {};
  }

  /// Of volumes and folders of the host; a tmpfs only hides what was copied below it.
  static std::vector<std::string> mount_targets(const Container& container) {
    const Json& host = member_or_null(container.config, "HostConfig");
    std::vector<std::string> targets;
    for (const auto& bind : texts_at(host, "Binds")) {
      const auto parts = split(bind, ':');
      targets.push_back(clean_path(parts.size() > 1 ? parts[1] : parts[0]));
    }
    if (const Json& mounts = member_or_null(host, "Mounts"); mounts.is_array())
      for (const Json& mount : mounts.get_array())
        if (text_at(mount, "Type") != "tmpfs")
          targets.push_back(clean_path(text_at(mount, "Target")));
    if (const Json& volumes = member_or_null(container.config, "Volumes"); volumes.is_object())
      for (const auto& pair : volumes.get_object())
        targets.push_back(clean_path(std::string(pair.key())));
    return targets;
  }

  static void set_label(Container& container, std::string_view name, std::string value) {
    Json& labels = container.config.as_object()["Labels"];
    if (!labels.is_object()) labels = JsonObject{};
    labels.as_object()[name] = std::move(value);
  }

  const Result<std::string> plugin_;
  const std::string socket_;
  Engine& engine_;
  const InstallationKey key_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Compiler> make_compiler(Result<std::string> compose_plugin, std::string socket,
                                        Engine& engine, InstallationKey key, const Clock& clock) {
  return std::make_unique<ComposeCompiler>(std::move(compose_plugin), std::move(socket), engine,
                                           std::move(key), clock);
}

}  // namespace reconciler::docker
