#include "reconciler/manifest/host_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/duration.hpp"
#include "reconciler/base/expand.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/size.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/paths.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler {
namespace {

using TextLists = std::map<std::string, std::vector<std::string>>;

class HostFileReader {
 public:
  HostFileReader(const Value& document, std::vector<Error>& mistakes)
      : document_(document), mistakes_(mistakes) {}

  Host read() {
    if (const Value* name = at("name")) {
      host_.name = name->text;
      hold(check_name("host", name->text), name->spot);
    }
    repositories();
    sources();
    if (const Value* serve = at("serve"))
      for (const auto& item : serve->items) {
        environment(item.text, item.spot);
        host_.serve.push_back(item.text);
      }
    if (const Value* data = at("data")) host_.data = path("data", *data);
    if (const Value* backups = at("backups")) host_.backups = path("backups", *backups);
    if (const Value* parallel = at("parallel"))
      host_.parallel = static_cast<int>(number_of(*parallel));
    if (const Value* look = at("look"))
      if (const auto parsed = parse_duration(look->text)) host_.look = *parsed;
    if (const Value* budget = at("build_cache")) {
      auto bytes = parse_size(budget->text);
      if (bytes)
        host_.build_cache = *bytes;
      else
        hold(failure(std::move(bytes.error())), budget->spot);
    }
    environments();
    providers();
    policy();
    return std::move(host_);
  }

 private:
  const Value* at(std::string_view key) const { return document_.find(key); }
  static const Value* at(const Value* map, std::string_view key) {
    return map ? map->find(key) : nullptr;
  }
  static std::string text(const Value* map, std::string_view key) {
    const Value* value = at(map, key);
    return value ? value->text : "";
  }
  void hold(Status status, const Spot& where) {
    if (!status) mistakes_.push_back(std::move(status.error()).at(where.place()));
  }

  std::string path(std::string_view what, const Value& node) {
    hold(check_host_path(what, node.text), node.spot);
    return clean_path(node.text);
  }
  std::string path(std::string_view what, const Value* map, std::string_view key) {
    const Value* value = at(map, key);
    return value ? path(what, *value) : "";
  }

  /// `APP/ENV`.
  void environment(std::string_view name, const Spot& where) {
    const auto id = parse_environment_id(name);
    if (!id) hold(failure(id.error()), where);
  }

  /// `APP/ENV/SERVICE`, or `APP/ENV` for all its services.
  void service(std::string_view name, const Spot& where) {
    auto parts = split(name, '/');
    if (parts.size() == 3 && !parts[2].empty()) parts.pop_back();
    if (parts.size() == 2) return environment(join(parts, "/"), where);
    hold(failure(error("name.invalid", fmt::format("\"{}\" names no service", printable(name, 130)))
                     .next("write APP/ENV/SERVICE, or APP/ENV for all its services")),
         where);
  }

  void repositories() {
    const Value* repositories = at("repositories");
    if (!repositories) return;
    for (const auto& member : repositories->members) {
      hold(check_name("repository", member.key), member.spot);
      const Value* keys = member.value.is(Value::Kind::map) ? &member.value : nullptr;
      Repository one;
      one.name = member.key;
      one.url = keys ? text(keys, "url") : member.value.text;
      if (one.url.empty())
        hold(failure(error("manifest.missing", fmt::format("repository {} has no url", one.name))
                         .next("add url: https://..., git@host:path or an absolute path")),
             keys && at(keys, "url") ? at(keys, "url")->spot : member.value.spot);
      one.branch = text(keys, "branch");
      one.ssh_key = path("ssh_key", keys, "ssh_key");
      one.known_hosts = path("known_hosts", keys, "known_hosts");
      if (const Value* poll = at(keys, "poll"))
        if (const auto parsed = parse_duration(poll->text)) one.poll = *parsed;
      one.place = member.value.spot.place();
      host_.repositories.push_back(std::move(one));
    }
  }

  void sources() {
    const Value* sources = at("sources");
    if (!sources) return;
    for (const auto& member : sources->members)
      host_.sources[member.key] = {path("ssh_key", &member.value, "ssh_key"),
                                   path("known_hosts", &member.value, "known_hosts")};
  }

  void environments() {
    const Value* environments = at("environments");
    if (!environments) return;
    for (const auto& member : environments->members) {
      environment(member.key, member.spot);
      HostEnvironment one;
      one.data = path("data", &member.value, "data");
      one.also_lock = paths(&member.value, "also_lock");
      if (const Value* files = member.value.find("files"))
        for (const auto& file : files->members) {
          hold(check_tree_path("a place of files", file.key), file.spot);
          const std::string real = path("files", file.value);
          // `certs` and `./certs` are one place
          if (!one.files.emplace(clean_path(file.key), real).second)
            hold(failure(error("manifest.duplicate_key",
                               fmt::format("\"{}\" is a place that stands here already",
                                           printable(file.key, 80)))
                             .next("keep one of them")),
                 file.spot);
        }
      if (const Value* approvers = member.value.find("approvers"))
        for (const auto& item : approvers->items) one.approvers.push_back(item.text);
      host_.environments[member.key] = std::move(one);
    }
  }

  /// What is filled in when it is asked.
  void asked_with(const Value& text) {
    const auto names = placeholders(text.text);
    if (!names) return hold(failure(names.error()), text.spot);
    for (const auto& name : *names)
      if (name != "APPLICATION" && name != "ENVIRONMENT" && name != "FILE")
        hold(failure(error("variables.unknown",
                           fmt::format("a provider is not told ${{{}}}", printable(name, 60)))
                         .next("it is told ${APPLICATION}, ${ENVIRONMENT} and ${FILE}")),
             text.spot);
  }

  void providers() {
    const Value* providers = at("providers");
    if (!providers) return;
    for (const auto& member : providers->members) {
      hold(check_name("provider", member.key), member.spot);
      Provider one;
      const Value& own = member.value;
      if (const Value* command = own.find("command"))
        for (const auto& item : command->items) {
          asked_with(item);
          one.command.push_back(item.text);
        }
      if (const Value* file = own.find("file")) {
        asked_with(*file);
        one.file = path("file", *file);
      }
      if (const Value* names = own.find("from_environment"))
        for (const auto& item : names->items) one.names.push_back(item.text);
      if (const Value* environment = own.find("environment"))
        for (const auto& value : environment->members)
          one.environment[value.key] = {value.value.text, path("file", &value.value, "file")};
      span(own, "timeout", one.timeout);
      span(own, "refresh", one.refresh);
      span(own, "keep_last", one.keep_last);
      const int ways =
          (one.command.empty() ? 0 : 1) + (one.file.empty() ? 0 : 1) + (one.names.empty() ? 0 : 1);
      if (ways != 1)
        hold(failure(error("manifest.conflict",
                           fmt::format("provider {} has {} of command, file and from_environment",
                                       member.key, ways == 0 ? "none" : "more than one"))
                         .next("write exactly one of them")),
             own.spot);
      host_.providers[member.key] = std::move(one);
    }
  }

  static void span(const Value& map, std::string_view key, Duration& into) {
    if (const Value* value = map.find(key))
      if (const auto parsed = parse_duration(value->text)) into = *parsed;
  }

  /// A list of absolute paths.
  std::vector<std::string> paths(const Value* map, std::string_view key) {
    std::vector<std::string> out;
    if (const Value* list = at(map, key))
      for (const auto& item : list->items) out.push_back(path(key, item));
    return out;
  }

  std::vector<std::string> services(const Value* map, std::string_view key) {
    std::vector<std::string> out;
    if (const Value* list = at(map, key))
      for (const auto& item : list->items) {
        service(item.text, item.spot);
        out.push_back(item.text);
      }
    return out;
  }

  TextLists by_service(const Value* map, std::string_view key) {
    TextLists out;
    if (const Value* names = at(map, key))
      for (const auto& member : names->members) {
        service(member.key, member.spot);
        for (const auto& item : member.value.items) out[member.key].push_back(item.text);
      }
    return out;
  }

  void policy() {
    const Value* policy = at("policy");
    const Value* allow = at(policy, "allow");
    host_.policy.state_files = paths(policy, "state_files");
    host_.policy.binds = paths(policy, "binds");
    host_.policy.docker_socket = services(allow, "docker_socket");
    host_.policy.privileged = services(allow, "privileged");
    host_.policy.host_network = services(allow, "host_network");
    host_.policy.capabilities = by_service(allow, "capabilities");
    host_.policy.devices = by_service(allow, "devices");
    if (const Value* external = at(allow, "external"))
      for (const auto& item : external->items) host_.policy.external.push_back(item.text);
  }

  const Value& document_;
  std::vector<Error>& mistakes_;
  Host host_;
};

}  // namespace

Result<Host> read_host_file(const std::string& path) {
  auto document = read_document(path, path);
  if (!document) return failed(document);
  std::vector<Error> mistakes = check(*document, host_shape());
  Host host = HostFileReader(*document, mistakes).read();
  mistakes = tidy(std::move(mistakes));
  if (!mistakes.empty()) return failure(gather(std::move(mistakes)));
  host.file = path;
  return host;
}

}  // namespace reconciler
