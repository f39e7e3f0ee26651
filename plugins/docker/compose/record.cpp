#include "plugins/docker/compose/record.hpp"

#include <fmt/format.h>

#include "plugins/docker/compose/interpolate.hpp"
#include "plugins/docker/compose/recording_socket.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/model/redaction.hpp"

namespace reconciler::docker {
namespace {

std::set<std::string> external_names(const Json& model, const char* section) {
  std::set<std::string> out;
  const Json* all = member(model, section);
  if (all && all->is_object())
    for (const auto& pair : all->get_object())
      if (truth_at(pair.value(), "external"))
        out.insert(text_at(pair.value(), "name", std::string(pair.key())));
  return out;
}

/// The name of a one-off is its attempt's; this one was only for the record.
void drop_own_alias(Container& container) {
  for (auto& endpoint : container.endpoints) {
    JsonArray kept;
    for (const auto& alias : texts_at(endpoint.config, "Aliases"))
      if (alias != container.name) kept.emplace_back(alias);
    if (kept.empty())
      endpoint.config.as_object().erase("Aliases");
    else
      endpoint.config.as_object()["Aliases"] = std::move(kept);
  }
}

class Recorder {
 public:
  Recorder(const Resolved& resolved, const std::string& tree, const std::string& plugin,
           const Scratch& scratch, EmptyEngine& empty, const Engine& engine,
           const Variables& variables, Deadline deadline, std::stop_token stop)
      : resolved_(resolved),
        scratch_(scratch),
        empty_(empty),
        engine_(engine),
        variables_(variables),
        deadline_(deadline),
        stop_(std::move(stop)) {
    run_.plugin = plugin;
    run_.project = resolved.project;
    run_.tree = tree;
    run_.socket = scratch.socket();
  }

  /// `up --no-start` asks for exactly what `up` asks for, starts aside, and waits for nobody's
  /// health.
  Status up() {
    if (resolved_.active.empty()) return {};
    Json model = resolved_.model;
    auto& services = model.as_object()["services"].as_object();
    for (const auto& task : resolved_.tasks) services.erase(task);
    for (auto& pair : services) pair.value().as_object().erase("profiles");  // what is here runs
    run_.input = boost::json::serialize(model);
    return compose({"up", "--no-start", "--no-build", "--pull", "never"});
  }

  Status task(const std::string& service, const std::string& name) {
    // 2.26 has no `run --pull`: an image whose policy is to pull would be pulled.
    Json model = resolved_.model;
    for (auto& pair : model.as_object()["services"].as_object())
      pair.value().as_object().erase("pull_policy");
    run_.input = boost::json::serialize(model);
    return compose({"run", "--detach", "--no-deps", "--no-TTY", "--interactive=false", "--name",
                    name, service});
  }

 private:
  Status compose(std::vector<std::string> arguments) {
    run_.arguments = std::move(arguments);
    auto socket = RecordingSocket::listen(scratch_.socket(), empty_);
    if (!socket) return failed(socket);
    auto finished = run_compose(run_, scratch_, deadline_.left(engine_.clock()), stop_);
    socket->reset();  // its thread has ended: the record may be read
    if (empty_.refused())
      return failure(
          error("compose.unsupported",
                fmt::format("Compose asked the Engine for {}, which cannot be carried out yet",
                            *empty_.refused())));
    if (!finished) return failed(finished);
    if (finished->exit_code == 0) return {};
    if (empty_.conflict())
      return failure(
          error("compose.name_conflict", fmt::format("two services want the container name \"{}\"",
                                                     printable(*empty_.conflict(), 100)))
              .next("give each a `container_name` of its own, or none"));
    return failure(error("compose.invalid",
                         "Compose cannot bring this up: " +
                             printable(Redaction(variables_).text(trim(finished->err)), 2000)));
  }

  const Resolved& resolved_;
  const Scratch& scratch_;
  EmptyEngine& empty_;
  const Engine& engine_;
  const Variables& variables_;
  Deadline deadline_;
  std::stop_token stop_;
  ComposeRun run_;
};

}  // namespace

Result<Record> record_model(const Resolved& resolved, const std::string& tree,
                            const std::string& plugin, const Scratch& scratch, Engine& engine,
                            const Variables& variables, Deadline deadline, std::stop_token stop) {
  auto version = engine.api_version(deadline);
  if (!version) return failed(version);
  EmptyEngine empty(engine, *version, external_names(resolved.model, "networks"),
                    external_names(resolved.model, "volumes"), deadline);
  Recorder recorder(resolved, tree, plugin, scratch, empty, engine, variables, deadline,
                    std::move(stop));
  if (auto done = recorder.up(); !done) return failed(done);
  Record record;
  std::set<std::string> missing = resolved.active;
  for (const auto& made : empty.containers()) {
    record.containers.push_back(canonical_container(made, empty.containers(), resolved.model));
    missing.erase(record.containers.back().service);
  }
  if (!missing.empty())
    return failure(
        error("compose.unsupported", fmt::format("Compose makes no container for {}",
                                                 enumerate({missing.begin(), missing.end()}))));
  record.containers = in_order(std::move(record.containers));
  for (const auto& task : resolved.tasks) {
    const size_t before = empty.containers().size();
    if (auto done = recorder.task(task, fmt::format("{}-{}-run", resolved.project, task)); !done)
      return failed(done);
    if (empty.containers().size() != before + 1)
      return failure(
          error("compose.unsupported",
                fmt::format("Compose makes no container, or several, for a run of {}", task)));
    Container one =
        canonical_container(empty.containers().back(), empty.containers(), resolved.model);
    drop_own_alias(one);
    record.tasks[task] = std::move(one);
  }
  record.networks = canonical_networks(empty, resolved.model);
  record.volumes = canonical_volumes(empty, resolved.model);
  return record;
}

}  // namespace reconciler::docker
