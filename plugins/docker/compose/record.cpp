#include "plugins/docker/compose/record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/compose/interpolate.hpp"
#include "plugins/docker/compose/recording_socket.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/model/redaction.hpp"

namespace reconciler::docker {
namespace {

constexpr std::string_view working_dir_label = "com.docker.compose.project.working_dir";
constexpr std::string_view config_hash_label = "com.docker.compose.config-hash";

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

/// A key that some versions of Compose, or of the Engine's API, drop without a word: it is asked
/// for in the model, so it must show in the record (ENGINE rule 6).
struct Shows {
  std::string_view key;
  bool (*asked)(const Json& service);
  bool (*shown)(const Container& container);
  std::string_view since;  ///< of Compose
};

bool is_set(const Json& service, std::string_view key) {
  const Json& value = member_or_null(service, key);
  return !value.is_null() && !(value.is_array() && value.get_array().empty()) &&
         !(value.is_object() && value.get_object().empty());
}

bool has_devices(const Container& container) {
  return is_set(member_or_null(container.config, "HostConfig"), "DeviceRequests");
}

bool has_mac_address(const Container& container) {
  if (!text_at(container.config, "MacAddress").empty()) return true;
  return std::ranges::any_of(container.endpoints, [](const Endpoint& endpoint) {
    return !text_at(endpoint.config, "MacAddress").empty();
  });
}

const std::vector<Shows> must_show = {
    {"gpus", [](const Json& service) { return is_set(service, "gpus"); }, has_devices, "2.30"},
    {"deploy.resources.reservations.devices",
     [](const Json& service) {
       const Json& resources = member_or_null(member_or_null(service, "deploy"), "resources");
       return is_set(member_or_null(resources, "reservations"), "devices");
     },
     has_devices, "2.30"},
    {"mac_address", [](const Json& service) { return is_set(service, "mac_address"); },
     has_mac_address, "2.30"},
    {"annotations", [](const Json& service) { return is_set(service, "annotations"); },
     [](const Container& c) {
       return is_set(member_or_null(c.config, "HostConfig"), "Annotations");
     },
     "2.30"},
};

Status all_shown(const Json& resolved, const Record& record, const std::string& api_version) {
  std::vector<Error> errors;
  const auto check = [&](const Container& container) {
    const Json& service = member_or_null(member_or_null(resolved, "services"), container.service);
    for (const auto& one : must_show)
      if (container.number == 1 && one.asked(service) && !one.shown(container))
        errors.push_back(
            error("compose.too_old",
                  fmt::format("{}.{} is left out by this Compose at the Engine's API {}: the "
                              "container would be made without it",
                              container.service, one.key, api_version))
                .next(fmt::format("put Compose {} or later in its place, or take the key out",
                                  one.since)));
  };
  for (const auto& container : record.containers) check(container);
  for (const auto& [name, task] : record.tasks) check(task);
  if (errors.empty()) return {};
  return failure(gather(std::move(errors)));
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
    for (const char* kind : {"configs", "secrets"})
      if (const Json& all = member_or_null(resolved.model, kind); all.is_object())
        for (const auto& pair : all.get_object()) give(text_at(pair.value(), "environment"));
  }

  /// `up --no-start` asks for exactly what `up` asks for, starts aside, and waits for nobody's
  /// health.
  Status up() {
    if (resolved_.active.empty()) return {};
    Json model = resolved_.model;
    auto& services = model.as_object()["services"].as_object();
    for (const auto& task : resolved_.tasks)
      if (!resolved_.active.contains(task)) services.erase(task);
    for (const auto& active : resolved_.active)  // what is here runs
      if (services.contains(active)) services[active].as_object().erase("profiles");
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
  /// Compose may copy the value in right after creating; one that is not known is any text.
  void give(const std::string& name) {
    if (name.empty()) return;
    const auto found = variables_.find(name);
    run_.variables[name] = found == variables_.end() ? "unknown" : found->second.value.reveal();
  }

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
                             printable(Redaction(variables_).text(words_of(finished->err)), 2000)));
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

Result<std::string> config_hash_with(const CompiledModel& model, const Container& container,
                                     const std::map<std::string, std::string>& ids,
                                     const std::string& plugin, const Scratch& scratch,
                                     Engine& engine, Deadline deadline, std::stop_token stop) {
  auto version = engine.api_version(deadline);
  if (!version) return failed(version);
  Resolved resolved{model.project, model.resolved, {}, {}};
  for (const auto& one : model.containers) resolved.active.insert(one.service);
  for (const auto& [name, task] : model.tasks) resolved.tasks.insert(name);
  EmptyEngine empty(engine, *version, external_names(resolved.model, "networks"),
                    external_names(resolved.model, "volumes"), deadline, ids);
  const Json& labels = member_or_null(container.config, "Labels");
  Recorder recorder(resolved, text_at(labels, working_dir_label), plugin, scratch, empty, engine,
                    {}, deadline, std::move(stop));
  if (auto done = recorder.up(); !done) return failed(done);
  for (const auto& made : empty.containers())
    if (made.name == container.name)
      return text_at(member_or_null(made.body, "Labels"), config_hash_label);
  return failure(
      error("plan.stale", fmt::format("Compose makes no container {} any more", container.name)));
}

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
  std::erase_if(missing, [&](const std::string& name) {
    return replicas_of(member_or_null(member_or_null(resolved.model, "services"), name)) == 0;
  });
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
  if (auto shown = all_shown(resolved.model, record, *version); !shown) return failed(shown);
  record.networks = canonical_networks(empty, resolved.model);
  record.volumes = canonical_volumes(empty, resolved.model);
  return record;
}

}  // namespace reconciler::docker
