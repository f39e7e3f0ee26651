#include "plugins/docker/compose/allow_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

using Keys = std::set<std::string_view>;
using Path = std::vector<std::string>;

const Keys top_keys = {"configs", "name", "networks", "secrets", "services", "version", "volumes"};
const Keys service_keys = {"annotations",
                           "attach",
                           "blkio_config",
                           "build",
                           "cap_add",
                           "cap_drop",
                           "cgroup",
                           "cgroup_parent",
                           "command",
                           "configs",
                           "container_name",
                           "cpu_count",
                           "cpu_percent",
                           "cpu_period",
                           "cpu_quota",
                           "cpu_rt_period",
                           "cpu_rt_runtime",
                           "cpu_shares",
                           "cpus",
                           "cpuset",
                           "depends_on",
                           "deploy",
                           "develop",
                           "device_cgroup_rules",
                           "devices",
                           "dns",
                           "dns_opt",
                           "dns_search",
                           "domainname",
                           "entrypoint",
                           "environment",
                           "expose",
                           "extra_hosts",
                           "gpus",
                           "group_add",
                           "healthcheck",
                           "hostname",
                           "image",
                           "init",
                           "ipc",
                           "labels",
                           "links",
                           "logging",
                           "mac_address",
                           "mem_limit",
                           "mem_reservation",
                           "mem_swappiness",
                           "memswap_limit",
                           "network_mode",
                           "networks",
                           "oom_kill_disable",
                           "oom_score_adj",
                           "pid",
                           "pids_limit",
                           "platform",
                           "ports",
                           "post_start",
                           "pre_stop",
                           "privileged",
                           "profiles",
                           "pull_policy",
                           "read_only",
                           "restart",
                           "runtime",
                           "scale",
                           "secrets",
                           "security_opt",
                           "shm_size",
                           "stdin_open",
                           "stop_grace_period",
                           "stop_signal",
                           "storage_opt",
                           "sysctls",
                           "tmpfs",
                           "tty",
                           "ulimits",
                           "user",
                           "userns_mode",
                           "uts",
                           "volumes",
                           "volumes_from",
                           "working_dir"};
/// Written keys that Compose has dealt with once the model is resolved.
const Keys written_service_keys = {"env_file", "extends", "label_file", "<<"};
const Keys written_top_keys = {"include", "<<"};

const Keys build_keys = {"args",        "context",  "dockerfile", "dockerfile_inline",
                         "extra_hosts", "labels",   "network",    "no_cache",
                         "pull",        "shm_size", "target",     "ulimits"};
const Keys deploy_keys = {"endpoint_mode",  "labels",          "mode",
                          "placement",      "replicas",        "resources",
                          "restart_policy", "rollback_config", "update_config"};
const Keys resources_keys = {"limits", "reservations"};
const Keys reservations_keys = {"cpus", "devices", "memory", "pids"};
const Keys hook_keys = {"command", "environment", "privileged", "user", "working_dir"};
const Keys limits_keys = {"cpus", "memory", "pids"};
const Keys healthcheck_keys = {"disable",      "interval", "retries", "start_interval",
                               "start_period", "test",     "timeout"};
const Keys logging_keys = {"driver", "options"};
const Keys endpoint_keys = {"aliases",      "driver_opts",    "gw_priority", "ipv4_address",
                            "ipv6_address", "link_local_ips", "mac_address", "priority"};
const Keys mount_keys = {"bind",   "consistency", "read_only", "source",
                         "target", "tmpfs",       "type",      "volume"};
const Keys bind_keys = {"create_host_path", "propagation", "selinux"};
const Keys mount_volume_keys = {"nocopy"};
const Keys tmpfs_keys = {"mode", "size"};
const Keys port_keys = {"app_protocol", "host_ip",   "mode",  "name",
                        "protocol",     "published", "target"};
const Keys file_reference_keys = {"gid", "mode", "source", "target", "uid"};
const Keys dependency_keys = {"condition", "required", "restart"};
const Keys network_keys = {"attachable", "driver",   "driver_opts", "enable_ipv4", "enable_ipv6",
                           "external",   "internal", "ipam",        "labels",      "name"};
const Keys ipam_keys = {"config", "driver", "options"};
const Keys volume_keys = {"driver", "driver_opts", "external", "labels", "name"};
const Keys file_keys = {"content", "environment", "file", "labels", "name"};

const Keys log_drivers = {"", "json-file", "local", "journald", "none"};
const Keys propagations = {"", "private", "rprivate", "slave", "rslave"};
const Keys mount_types = {"bind", "tmpfs", "volume"};
const Keys volume_types = {"", "none", "tmpfs", "bind"};

class KeyCheck {
 public:
  explicit KeyCheck(const Stack& stack) : stack_(stack) {}
  std::vector<Error> take() { return std::move(errors_); }

  void refuse(const Path& path, const std::string& message) {
    errors_.push_back(
        error("compose.unsupported", message).at(stack_.place(path)).next("take it out"));
  }
  /// Every key of `value` is in the table; extensions (`x-`) carry no meaning.
  void keys(const Json* value, const Keys& known, const Path& path, std::string_view what) {
    const auto* object = value ? value->if_object() : nullptr;
    if (!object) return;
    for (const auto& pair : *object) {
      const std::string key(pair.key());
      if (known.contains(key) || key.starts_with("x-") || pair.value().is_null()) continue;
      Path full = path;
      full.push_back(key);
      refuse(full, fmt::format("{}{}{} is not supported", what, what.empty() ? "" : ".", key));
    }
  }
  void one_of(const Json& value, std::string_view key, const Keys& known, const Path& path,
              std::string_view what) {
    const std::string text = text_at(value, key);
    if (known.contains(text)) return;
    Path full = path;
    full.emplace_back(key);
    refuse(full, fmt::format("{}.{}: {} is not supported", what, key, printable(text, 100)));
  }
  template <class F>
  static void each(const Json* value, const F& f) {
    if (!value) return;
    if (const auto* object = value->if_object())
      for (const auto& pair : *object) f(std::string(pair.key()), pair.value());
    if (const auto* array = value->if_array())
      for (const auto& item : *array) f(std::string(), item);
  }

  /// Labels say whose a thing is: a compose file may not say it in our name.
  void own_labels(const Json& value, const Path& at, const std::string& what) {
    each(member(value, "labels"), [&](const std::string& label, const Json&) {
      Path path = at;
      path.emplace_back("labels");
      if (label.starts_with("reconciler."))
        refuse(path, fmt::format("{}.labels: {} is not supported: labels of that name are ours",
                                 what, printable(label, 100)));
    });
  }

  void service(const std::string& name, const Json& value) {
    const Path at = {"services", name};
    const auto below = [&](const char* key) {
      Path path = at;
      path.emplace_back(key);
      return path;
    };
    keys(&value, service_keys, at, name);
    own_labels(value, at, name);
    build(name, member(value, "build"), below("build"));
    deploy(name, value, below("deploy"));
    keys(member(value, "healthcheck"), healthcheck_keys, below("healthcheck"),
         name + ".healthcheck");
    if (const auto* logging = member(value, "logging")) {
      keys(logging, logging_keys, below("logging"), name + ".logging");
      one_of(*logging, "driver", log_drivers, below("logging"), name + ".logging");
    }
    each(member(value, "networks"), [&](const std::string& key, const Json& endpoint) {
      Path path = below("networks");
      path.push_back(key);
      keys(&endpoint, endpoint_keys, path, name + ".networks." + key);
    });
    each(member(value, "depends_on"), [&](const std::string&, const Json& one) {
      keys(&one, dependency_keys, below("depends_on"), name + ".depends_on");
    });
    each(member(value, "ports"), [&](const std::string&, const Json& one) {
      keys(&one, port_keys, below("ports"), name + ".ports");
    });
    for (const char* kind : {"secrets", "configs"})
      each(member(value, kind), [&](const std::string&, const Json& one) {
        keys(&one, file_reference_keys, below(kind), name + "." + kind);
      });
    each(member(value, "volumes"),
         [&](const std::string&, const Json& one) { mount(name, one, below("volumes")); });
    // A profile is read from the host by Compose itself, before any policy has seen it.
    for (const auto& option : texts_at(value, "security_opt"))
      if (option.starts_with("seccomp") && !option.ends_with("unconfined"))
        refuse(below("security_opt"),
               fmt::format("{}.security_opt: {} is not supported", name, printable(option, 100)));
    for (const char* key : {"network_mode", "pid", "ipc"})
      if (const std::string mode = text_at(value, key); mode.starts_with("container:"))
        refuse(below(key), fmt::format("{}.{}: {} is not supported: a container outside of the "
                                       "stack cannot be followed when it is replaced",
                                       name, key, printable(mode, 100)));
    for (const auto& from : texts_at(value, "volumes_from"))
      if (from.starts_with("container:"))
        refuse(below("volumes_from"),
               fmt::format("{}.volumes_from: {} is not supported: a container outside of the stack "
                           "cannot be followed when it is replaced",
                           name, printable(from, 100)));
    for (const char* hooks : {"post_start", "pre_stop"})
      each(member(value, hooks), [&](const std::string&, const Json& one) {
        keys(&one, hook_keys, below(hooks), name + "." + hooks);
      });
  }

  void build(const std::string& name, const Json* value, const Path& at) {
    if (!value) return;
    keys(value, build_keys, at, name + ".build");
    own_labels(*value, at, name + ".build");
    one_of(*value, "network", {"", "default", "none"}, at, name + ".build");
  }

  void deploy(const std::string& name, const Json& service, const Path& at) {
    const auto* value = member(service, "deploy");
    if (!value) return;
    keys(value, deploy_keys, at, name + ".deploy");
    one_of(*value, "mode", {"", "global", "replicated"}, at, name + ".deploy");
    const auto* resources = member(*value, "resources");
    keys(resources, resources_keys, at, name + ".deploy.resources");
    if (!resources) return;
    keys(member(*resources, "limits"), limits_keys, at, name + ".deploy.resources.limits");
    keys(member(*resources, "reservations"), reservations_keys, at,
         name + ".deploy.resources.reservations");
  }

  void mount(const std::string& name, const Json& value, const Path& at) {
    const std::string what = name + ".volumes";
    keys(&value, mount_keys, at, what);
    one_of(value, "type", mount_types, at, what);
    keys(member(value, "volume"), mount_volume_keys, at, what + ".volume");
    keys(member(value, "tmpfs"), tmpfs_keys, at, what + ".tmpfs");
    if (const auto* bind = member(value, "bind")) {
      keys(bind, bind_keys, at, what + ".bind");
      one_of(*bind, "propagation", propagations, at, what + ".bind");
    }
  }

  void network(const std::string& name, const Json& value) {
    const Path at = {"networks", name};
    keys(&value, network_keys, at, "networks." + name);
    one_of(value, "driver", {"", "bridge"}, at, "networks." + name);
    own_labels(value, at, "networks." + name);
    if (const auto* ipam = member(value, "ipam")) {
      keys(ipam, ipam_keys, at, "networks." + name + ".ipam");
      one_of(*ipam, "driver", {"", "default"}, at, "networks." + name + ".ipam");
    }
  }

  void volume(const std::string& name, const Json& value) {
    const Path at = {"volumes", name};
    keys(&value, volume_keys, at, "volumes." + name);
    own_labels(value, at, "volumes." + name);
    one_of(value, "driver", {"", "local"}, at, "volumes." + name);
    if (const auto* options = member(value, "driver_opts"))
      one_of(*options, "type", volume_types, at, "volumes." + name + ".driver_opts");
  }

  void file(const std::string& kind, const std::string& name, const Json& value) {
    keys(&value, file_keys, {kind, name}, kind + "." + name);
  }

 private:
  const Stack& stack_;
  std::vector<Error> errors_;
};

}  // namespace

std::vector<Error> check_written(const Stack& stack) {
  KeyCheck checker(stack);
  const auto unknown = [](const std::string& key, const Keys& a, const Keys& b) {
    return !a.contains(key) && !b.contains(key) && !key.starts_with("x-");
  };
  for (const auto& file : stack.files) {
    for (const auto* entry : entries_of(*file.root))
      if (unknown(entry->key, top_keys, written_top_keys))
        checker.refuse({entry->key}, entry->key + " is not supported");
    const auto* services = find(*file.root, "services");
    if (!services || !services->value) continue;
    for (const auto* service : entries_of(*services->value)) {
      if (!service->value) continue;
      for (const auto* entry : entries_of(*service->value))
        if (unknown(entry->key, service_keys, written_service_keys))
          checker.refuse({"services", service->key, entry->key},
                         fmt::format("{}.{} is not supported", service->key, entry->key));
    }
  }
  return checker.take();
}

std::vector<Error> check_resolved(const Json& model, const Stack& stack) {
  KeyCheck checker(stack);
  checker.keys(&model, top_keys, {}, "");
  KeyCheck::each(member(model, "services"),
                 [&](const std::string& name, const Json& value) { checker.service(name, value); });
  KeyCheck::each(member(model, "networks"),
                 [&](const std::string& name, const Json& value) { checker.network(name, value); });
  KeyCheck::each(member(model, "volumes"),
                 [&](const std::string& name, const Json& value) { checker.volume(name, value); });
  for (const char* kind : {"secrets", "configs"})
    KeyCheck::each(member(model, kind), [&](const std::string& name, const Json& value) {
      checker.file(kind, name, value);
    });
  return checker.take();
}

}  // namespace reconciler::docker
