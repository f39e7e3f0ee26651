#include "plugins/docker/driver.hpp"

#include <fmt/format.h>

#include <mutex>

#include "plugins/docker/check.hpp"
#include "plugins/docker/commands.hpp"
#include "plugins/docker/evidence.hpp"
#include "plugins/docker/images/images.hpp"
#include "plugins/docker/services/differ.hpp"
#include "plugins/docker/services/left_behind.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/owner.hpp"
#include "plugins/docker/services/resources.hpp"
#include "plugins/docker/services/restore.hpp"
#include "plugins/docker/services/snapshot.hpp"
#include "plugins/docker/services/work.hpp"
#include "plugins/docker/tasks/backup.hpp"
#include "plugins/docker/tasks/checks.hpp"
#include "plugins/docker/tasks/ended.hpp"
#include "plugins/docker/tasks/oneoff.hpp"
#include "plugins/docker/tasks/steps.hpp"
#include "plugins/docker/tidy.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/driver/explains.hpp"
#include "reconciler/driver/restarts.hpp"

namespace reconciler::docker {
namespace {

constexpr int most_looks = 5;
constexpr Duration between_looks{50};

/// Compiled models by key: equal keys are equal models, so one that was read stays right.
class Models {
 public:
  using Shared = SharedModel;

  Shared keep(Shared model) {
    const std::lock_guard lock(mutex_);
    if (models_.size() > 64 && !models_.contains(model->key)) models_.clear();  // bounded
    return models_[model->key] = std::move(model);
  }
  Shared keep(CompiledModel model) {
    return keep(std::make_shared<const CompiledModel>(std::move(model)));
  }
  Shared find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(key);
    return found == models_.end() ? nullptr : found->second;
  }
  Result<Shared> get(Context& context, const EnvironmentId& id, const std::string& key) {
    if (auto known = find(key)) return known;
    auto model = context.compiler.load(models_of(context, id), key);
    if (!model) return failed(model);
    return keep(std::move(*model));
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Shared> models_;
};

/// What we do ourselves is looked for before it is told of.
class Changing {
 public:
  explicit Changing(Inspected& inspected) : inspected_(inspected) { inspected_.all_changed(); }
  ~Changing() { inspected_.all_changed(); }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  Inspected& inspected_;
};

class DockerDriver final : public Driver, public Explains, public Restarts {
 public:
  DockerDriver(Engine& engine, Compiler& compiler, Clock& clock, InstallationKey key,
               DockerPaths paths, std::shared_ptr<Shared> shared)
      : context_{engine, compiler, clock, std::move(key), std::move(paths), {}},
        shared_(std::move(shared)) {}

  Description describe() const override {
    return {std::string(driver_name),
            {"service", "network", "volume", "folder", "image", "container", "cache"},
            {"compose", "data", "images", "protect", "preflight", "backup", "restore", "release",
             "verify"},
            {"run", "exec", "logs", "service"},
            {"build", "pull", "tag", "create", "start", "switch", "stop", "restart", "preflight",
             "backup", "restore", "release", "verify", "prune", "remove", "trim"}};
  }

  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override {
    CompileInput input;
    input.id = request.id;
    input.tag = request.tag;
    input.sections = request.sections;
    // What waits for approval is nothing of the model's.
    if (JsonObject* all = input.sections.if_object()) all->erase("protect");
    input.tree = request.tree.path;
    input.tree_index = request.tree.index;
    input.commit = request.tree.commit;
    input.objects = request.tree.objects;
    input.host = request.host;
    input.cache = models_of(context_, request.id);
    const auto known = [this](const std::string& key) { return models_.find(key); };
    auto compiled = context_.compiler.compile_unless(known, input, variables, deadline);
    if (!compiled) return failed(compiled);
    const auto model = models_.keep(std::move(*compiled));
    inputs_[request.id] = {model->key, std::move(input)};
    shared_->projects.belongs(model->project, request.id);
    auto steps = steps_of(request, *model, variables);
    if (!steps) return failed(steps);
    Prepared prepared;
    JsonArray lineages{Json(request.lineage)};
    for (auto& one : texts_at(request.host, "adopted")) lineages.emplace_back(std::move(one));
    prepared.wanted = JsonObject{{"model", model->key},
                                 {"lineages", std::move(lineages)},
                                 {"roots", reconciler::to_json(roots_of(request.host))},
                                 {"version", version_of(request, steps->steps)}};
    if (const auto budget = number_at(request.host, "build_cache"); budget > 0)
      prepared.wanted.as_object()["build_cache"] = budget;
    if (truth_at(member_or_null(request.sections, "compose"), "remove_orphans"))
      prepared.wanted.as_object()["remove_orphans"] = true;
    if (truth_at(request.host, "rebuild")) prepared.wanted.as_object()["rebuild"] = true;
    roots_[request.id] = roots_of(request.host);
    prepared.digest = model->key;
    prepared.patience = model->patience;
    prepared.steps = std::move(steps->steps);
    prepared.required = std::move(steps->required);
    return prepared;
  }

  /// While another run switches, a look may see a container under neither of its names.
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables&, Deadline deadline) override {
    for (int left = most_looks - 1;; --left) {
      auto observation = observe_once(id, wanted, memory, deadline);
      if (observation || observation.error().code != "docker.moved" || left == 0)
        return observation;
      context_.clock.wait_until(context_.clock.now() + between_looks, {});
    }
  }

  Result<Observation> observe_once(const EnvironmentId& id, const Json& wanted,
                                   const Memory& memory, Deadline deadline) {
    auto model = models_.get(context_, id, text_at(wanted, "model"));
    if (!model) return failed(model);
    evidence_.looked(id);
    const Scope scope{.inspected = &shared_->inspected};
    auto look = look_at(context_.engine, context_.configs, **model, scope, deadline);
    if (!look) return failed(look);
    if (auto one = one_owner(id, *look, texts_at(wanted, "lineages"), memory); !one)
      return failed(one);
    const auto tag = text_at(member_or_null(wanted, "version"), "tag");
    const WantedVersion version{tag, !memory.current || memory.current->tag != tag,
                                taken_images(**model, *look, memory, tag),
                                truth_at(wanted, "rebuild")};
    const auto changing = changing_images(**model, *look, version);
    Observation observation;
    if (auto done = observe_images(context_, **model, *look, version, observation); !done)
      return failed(done);
    observe_older_images(**model, *look, memory, tag, observation);
    const Observed observed{
        id, **model, *look, memory, changing, tag, truth_at(wanted, "remove_orphans")};
    if (auto done = observe_services(context_, observed, observation); !done) return failed(done);
    observe_one_offs(context_, observed, observation);
    if (auto done = observe_outdated_images(context_, observed, deadline, observation); !done)
      return failed(done);
    if (const auto budget = number_at(wanted, "build_cache"); budget > 0)
      observe_build_cache(context_, **model, budget, observation);
    return observation;
  }

  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    const Changing changing(shared_->inspected);
    const auto& verb = attempt.work.verb;
    if (auto point = failpoint(fmt::format("compose.{}.before", verb)); !point)
      return failed(point);
    if (auto begun = evidence_.begins(context_, attempt.environment); !begun) return failed(begun);
    auto outcome = evidence_.weighed(context_, attempt,
                                     carry_out(attempt, variables, progress, std::move(stop)));
    if (auto point = failpoint(fmt::format("compose.{}.after", verb)); !point) return failed(point);
    return outcome;
  }

  Result<SealedRecords> snapshot(const EnvironmentId& id, const Json& wanted,
                                 Deadline deadline) override {
    auto model = models_.get(context_, id, text_at(wanted, "model"));
    if (!model) return failed(model);
    auto look = look_at(context_.engine, context_.configs, **model, Scope{}, deadline);
    if (!look) return failed(look);
    return snapshot_of(context_, id, **model, *look, member_or_null(wanted, "version"));
  }

  Result<Prepared> restore(const Recorded& recorded, Deadline deadline) override {
    auto model = restored_model(context_, recorded);
    if (!model) return failed(model);
    if (auto found = find_added_networks(context_, *model, deadline); !found) return failed(found);
    const Json& tree = member_or_null(member_or_null(recorded.wanted, "version"), "tree");
    const Origin origin{text_at(tree, "path"), text_at(tree, "index")};
    if (recorded.complete)
      if (auto all = check_complete(context_, *model, origin, deadline); !all) return failed(all);
    origins_[model->key] = origin;
    Prepared prepared;
    prepared.wanted = recorded.wanted;
    prepared.wanted.as_object()["model"] = model->key;
    prepared.wanted.as_object().erase("rebuild");  // that was for once
    // What the host file says now counts; where it was not read, what it said then.
    roots_.try_emplace(recorded.id, texts_at(recorded.wanted, "roots"));
    for (const auto& step : recorded.steps) prepared.steps.push_back(step_for(step, *model));
    prepared.patience = model->patience;
    shared_->projects.belongs(model->project, recorded.id);
    models_.keep(std::move(*model));
    return prepared;
  }

  Result<Observation> left_behind(const EnvironmentId& id, const Json& wanted,
                                  const std::set<std::string>& lineages,
                                  Deadline deadline) override {
    Models::Shared model;
    if (!wanted.is_null())
      if (auto known = models_.get(context_, id, text_at(wanted, "model"))) model = *known;
    return observe_left_behind(context_, id, model.get(), lineages, deadline);
  }

  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    const Changing changing(shared_->inspected);
    return recover_task(context_, attempt, variables, progress, std::move(stop));
  }

  Status tidy(const EnvironmentId& id, const std::vector<Recorded>& kept) override {
    const auto made = inputs_.find(id);
    return made == inputs_.end() ? Status{} : docker::tidy(context_, id, made->second.key, kept);
  }

  Status watch(const std::function<void(const Heard&)>& heard, std::stop_token stop) override {
    return watch_containers(context_.engine, *shared_, heard, stop);
  }

  std::vector<Finding> check(Deadline deadline) override {
    return check_docker(context_, deadline);
  }

  Result<Observation> differ(const PreparedVersion& a, const PreparedVersion& b) override {
    auto one = models_.get(context_, a.id, text_at(a.wanted, "model"));
    if (!one) return failed(one);
    auto other = models_.get(context_, b.id, text_at(b.wanted, "model"));
    if (!other) return failed(other);
    return docker::differ(**one, **other);
  }

  Result<std::vector<Work>> restart(const EnvironmentId& id, const Json& wanted,
                                    const Memory& memory, const std::vector<std::string>& names,
                                    Deadline deadline) override {
    auto model = models_.get(context_, id, text_at(wanted, "model"));
    if (!model) return failed(model);
    auto look = look_at(context_.engine, context_.configs, **model, Scope{}, deadline);
    if (!look) return failed(look);
    const auto tag = text_at(member_or_null(wanted, "version"), "tag");
    auto work = restart_services(context_, {id, **model, *look, memory, {}, tag}, names);
    if (!work) return failed(work);
    return std::vector<Work>{std::move(*work)};
  }

  std::vector<std::string> commands(const EnvironmentId& id, const Work& work) override {
    auto model = models_.get(context_, id, text_at(work.input, "model"));
    std::vector<std::string> files;
    if (const auto made = inputs_.find(id); made != inputs_.end())
      files = texts_at(member_or_null(made->second.input.sections, "compose"), "files");
    return commands_of(model ? model->get() : nullptr, files, work);
  }

 private:
  /// Which part of the driver an attempt is for.
  Result<Outcome> carry_out(const Attempt& attempt, const Variables& variables, Progress& progress,
                            std::stop_token stop) {
    const Json& input = attempt.work.input;
    if (is_left_behind(attempt.work)) return perform_left_behind(context_, attempt.work);
    auto model = models_.get(context_, attempt.environment, text_at(input, "model"));
    if (!model) return failed(model);
    if (attempt.work.phase == Phase::supply)
      return perform_image_work(context_, **model, attempt, progress, stop);
    if (attempt.work.phase == Phase::prune && member(input, "image"))
      return remove_image(context_, attempt);
    if (attempt.work.verb == "trim") return trim_build_cache(context_, attempt);
    if (member(input, "task")) return prune_task(context_, **model, attempt);
    const auto kind = text_at(input, "kind");
    const Grounds grounds = grounds_of(**model, attempt.environment, variables);
    if (kind == "backups") return prune_backups(input);
    if (kind == "backup")
      return perform_backup(context_, **model, input, variables, progress, stop);
    if (kind == "restore") return perform_restore(context_, **model, input, progress, stop);
    if (attempt.work.phase == Phase::preflight && kind != "run") {
      auto nothing = nothing_runs(context_, **model);
      if (!nothing) return failed(nothing);
      if (*nothing) return not_asked();
    }
    const Phase phase = attempt.work.phase;
    if (kind == "run" && (phase == Phase::preflight || phase == Phase::verify))
      return perform_asking_task(context_, **model, attempt, grounds, variables, progress, stop);
    if (kind == "run")
      return perform_task(context_, **model, attempt, grounds, variables, progress, stop);
    if (kind == "exec")
      return perform_exec(context_, **model, attempt.work, variables, progress, stop);
    if (kind == "logs") return check_logs(context_, **model, input, variables, progress);
    if (kind == "services" || kind == "service")
      return check_services(context_, **model, attempt, counts_, progress);
    return perform_service_work(context_, **model, attempt, grounds, progress, stop);
  }

  /// What a snapshot is of, and the tasks that a way back may run.
  static Json version_of(const Request& request, const std::vector<Step>& steps) {
    JsonArray tasks;
    for (const auto& step : steps)
      if (step.once != Once::tag && text_at(step.work.input, "kind") == "run")
        tasks.emplace_back(text_at(step.work.input, "service"));
    return JsonObject{
        {"lineage", request.lineage},
        {"tag", request.tag},
        {"tree", JsonObject{{"path", request.tree.path}, {"index", request.tree.index}}},
        {"tasks", std::move(tasks)}};
  }

  Grounds grounds_of(const CompiledModel& model, const EnvironmentId& id,
                     const Variables& variables) {
    Grounds grounds;
    if (const auto known = roots_.find(id); known != roots_.end()) grounds.roots = known->second;
    grounds.restore_objects = [this, &model, &variables](const std::vector<std::string>& paths) {
      const auto origin = origins_.find(model.key);
      return origin != origins_.end() ? make_objects_anew(model, origin->second, paths)
                                      : restore_objects(model.key, paths, variables);
    };
    return grounds;
  }

  /// Grounds::roots.
  static std::vector<std::string> roots_of(const Json& host) {
    auto roots = texts_at(member_or_null(host, "policy"), "binds");
    roots.push_back(text_at(host, "data"));
    return roots;
  }

  /// The compiler writes what is missing anew from the tree.
  Status restore_objects(const std::string& key, const std::vector<std::string>& paths,
                         const Variables& variables) {
    for (const auto& [id, made] : inputs_) {
      if (made.key != key) continue;
      for (const auto& path : paths)
        if (auto gone = remove_tree(path); !gone) return gone;
      auto again = context_.compiler.compile(made.input, variables,
                                             context_.within(std::chrono::minutes(2)));
      if (!again) return failed(again);
      return {};
    }
    return failure(
        error("plan.stale", "a mounted file was changed by hand, and its tree is not known")
            .next("plan again"));
  }

  struct Made {
    std::string key;
    CompileInput input;
  };

  Context context_;
  const std::shared_ptr<Shared> shared_;
  Models models_;
  std::map<EnvironmentId, Made> inputs_;   ///< what each environment's model was last made from
  std::map<std::string, Origin> origins_;  ///< of recorded models, by key
  std::map<EnvironmentId, std::vector<std::string>> roots_;
  RestartCounts counts_;
  Evidence evidence_;
};

}  // namespace

std::unique_ptr<Driver> make_docker_driver(Engine& engine, Compiler& compiler, Clock& clock,
                                           InstallationKey key, DockerPaths paths,
                                           std::shared_ptr<Shared> shared) {
  return std::make_unique<DockerDriver>(engine, compiler, clock, std::move(key), std::move(paths),
                                        std::move(shared));
}

}  // namespace reconciler::docker
