#include "plugins/docker/compose/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "plugins/docker/compose/sources.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

const std::set<std::string, std::less<>> free_capabilities = {"NET_BIND_SERVICE", "CHOWN", "SETUID",
                                                              "SETGID"};
const std::set<std::string, std::less<>> free_binds = {"/etc/localtime", "/etc/timezone"};

bool moves_a_mount(std::string_view option) {
  static const std::set<std::string, std::less<>> flags = {"bind", "rbind", "move", "remount"};
  return flags.contains(option);
}

std::string plain_capability(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  });
  return name.starts_with("CAP_") ? name.substr(4) : name;
}

/// What would have to stand in the host file.
struct Wanted {
  std::set<std::string> binds;
  std::map<std::string, std::set<std::string>> lists;  // privileged: services
  std::map<std::string, std::map<std::string, std::set<std::string>>>
      maps;  // capabilities: service: names
  std::string block() const {
    std::string out = "policy:\n";
    const auto flow = [](const std::set<std::string>& names) {
      return "[" + join({names.begin(), names.end()}, ", ") + "]";
    };
    if (!binds.empty()) out += fmt::format("  binds: {}\n", flow(binds));
    if (!lists.empty() || !maps.empty()) out += "  allow:\n";
    for (const auto& [key, names] : lists) out += fmt::format("    {}: {}\n", key, flow(names));
    for (const auto& [key, services] : maps) {
      out += fmt::format("    {}:\n", key);
      for (const auto& [service, names] : services)
        out += fmt::format("      {}: {}\n", service, flow(names));
    }
    out.pop_back();
    return out;
  }
};

class PolicyCheck {
 public:
  PolicyCheck(const Json& resolved, const Tree& tree, const PolicyInput& input)
      : resolved_(resolved), tree_(tree), input_(input) {}

  Status run(const Record& record) {
    for (const auto& container : record.containers) check(container);
    for (const auto& [name, task] : record.tasks) check(task);
    for (const auto& network : record.networks)
      if (network.external) foreign("network", network.name);
    for (const auto& volume : record.volumes) check(volume);
    contexts();
    if (facts_.empty() && errors_.empty()) return {};
    if (facts_.empty()) return failure(gather(std::move(errors_)));
    Error e = error("compose.policy_denied",
                    fmt::format("{} asks for {} that the host file does not allow",
                                input_.id.text(), count(facts_.size(), "thing")));
    for (const auto& [service, what] : facts_) e.facts.push_back({service, what});
    e.hint = "take them out, or add to the host file:\n" + wanted_.block();
    for (auto& other : errors_) e.others.push_back(std::move(other));
    return failure(std::move(e));
  }

 private:
  /// Allowed lists may stand in the policy itself or under `allow`.
  const Json* section(std::string_view key) const {
    if (const Json* direct = member(input_.policy, key)) return direct;
    const Json* allow = member(input_.policy, "allow");
    return allow ? member(*allow, key) : nullptr;
  }
  std::vector<std::string> names(const std::string& service) const {
    return {input_.id.text() + "/" + service, input_.id.text()};
  }
  bool listed(std::string_view key, const std::string& service) const {
    const Json* list = section(key);
    if (!list || !list->is_array()) return false;
    const auto who = names(service);
    return std::any_of(list->get_array().begin(), list->get_array().end(), [&](const Json& item) {
      return item.is_string() &&
             std::find(who.begin(), who.end(), std::string(item.get_string())) != who.end();
    });
  }
  std::set<std::string> granted(std::string_view key, const std::string& service) const {
    std::set<std::string> out;
    const Json* map = section(key);
    for (const auto& who : names(service))
      if (map)
        for (auto& one : texts_at(*map, who)) out.insert(std::move(one));
    return out;
  }

  void deny(const std::string& service, const std::string& what) { facts_.insert({service, what}); }
  void need(const std::string& key, const std::string& service, const std::string& what) {
    if (listed(key, service)) return;
    deny(service, what);
    wanted_.lists[key].insert(input_.id.text() + "/" + service);
  }

  void check(const Container& container) {
    const Json* found = member(container.config, "HostConfig");
    if (!found) return;
    const Json& host = *found;
    const std::string& service = container.service;
    if (truth_at(host, "Privileged")) need("privileged", service, "privileged");
    capabilities(service, host);
    if (text_at(host, "NetworkMode") == "host") need("host_network", service, "the host's network");
    for (const char* mode : {"PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode"})
      if (text_at(host, mode) == "host")
        need("privileged", service,
             fmt::format("the host's {} namespace",
                         std::string_view(mode).substr(0, std::string_view(mode).find("Mode"))));
    for (const auto& option : texts_at(host, "SecurityOpt"))
      if (!option.starts_with("no-new-privileges"))
        need("privileged", service, "security_opt " + printable(option, 100));
    // Where `systempaths=unconfined` is gone to: nothing of /proc and /sys is covered any more.
    for (const char* covered : {"MaskedPaths", "ReadonlyPaths"})
      if (const Json* paths = member(host, covered);
          paths && paths->is_array() && paths->get_array().empty()) {
        need("privileged", service, "security_opt systempaths=unconfined");
        break;
      }
    if (const auto parent = text_at(host, "CgroupParent"); !parent.empty())
      need("privileged", service, "the cgroup " + printable(parent, 100));
    if (const auto runtime = text_at(host, "Runtime"); !runtime.empty() && runtime != "runc")
      need("privileged", service, "the runtime " + printable(runtime, 100));
    if (const Json* annotations = member(host, "Annotations");
        annotations && annotations->is_object() && !annotations->get_object().empty())
      need("privileged", service, "annotations, which steer the runtime");
    for (const auto* hooks : {&container.post_start, &container.pre_stop})
      for (const auto& hook : *hooks)
        if (truth_at(hook, "Privileged")) need("privileged", service, "a privileged hook");
    devices(service, host);
    for (const auto& bind : texts_at(host, "Binds")) {
      const auto parts = split(bind, ':');
      if (!parts.empty() && parts[0].starts_with('/')) {
        const bool read_only =
            parts.size() > 2 && ("," + parts[2] + ",").find(",ro,") != std::string::npos;
        this->bind(service, parts[0], read_only);
      }
    }
    if (const Json* mounts = member(host, "Mounts"); mounts && mounts->is_array())
      for (const auto& mount : mounts->get_array())
        if (text_at(mount, "Type") == "bind")
          this->bind(service, text_at(mount, "Source"), truth_at(mount, "ReadOnly"));
  }

  void capabilities(const std::string& service, const Json& host) {
    const auto granted_ones = granted("capabilities", service);
    for (const auto& added : texts_at(host, "CapAdd")) {
      const std::string name = plain_capability(added);
      if (free_capabilities.contains(name)) continue;
      const bool allowed = std::any_of(granted_ones.begin(), granted_ones.end(),
                                       [&](const auto& g) { return plain_capability(g) == name; });
      if (allowed) continue;
      deny(service, "the capability " + printable(name, 60));
      wanted_.maps["capabilities"][input_.id.text() + "/" + service].insert(name);
    }
  }

  void devices(const std::string& service, const Json& host) {
    const auto granted_ones = granted("devices", service);
    const auto wants = [&](const std::string& device) {
      if (granted_ones.contains(device)) return;
      deny(service, "the device " + printable(device, 200));
      wanted_.maps["devices"][input_.id.text() + "/" + service].insert(device);
    };
    if (const Json* list = member(host, "Devices"); list && list->is_array())
      for (const auto& device : list->get_array()) wants(text_at(device, "PathOnHost"));
    for (const auto& rule : texts_at(host, "DeviceCgroupRules")) wants(rule);
    if (const Json* requests = member(host, "DeviceRequests");
        requests && requests->is_array() && !requests->get_array().empty())
      need("privileged", service, "devices by request (GPUs)");
  }

  bool under_any(const std::string& source, const std::vector<std::string>& roots) const {
    return std::any_of(roots.begin(), roots.end(), [&](const auto& root) {
      return below(source, root) && !leads_through_link(source, root);
    });
  }
  /// An empty root would be every root.
  static bool below(const std::string& source, const std::string& root) {
    return root.starts_with('/') && lies_under(source, root);
  }

  void bind(const std::string& service, const std::string& written, bool read_only) {
    const std::string source = clean_path(written);
    if (source == clean_path(input_.socket) || source == "/var/run/docker.sock" ||
        source == "/run/docker.sock") {
      need("docker_socket", service, "the Docker socket");
      return;
    }
    if (read_only && free_binds.contains(source)) return;
    if (read_only && input_.objects.contains(source)) return;
    std::vector<std::string> roots = {input_.data};
    if (const Json* binds = section("binds"); binds && binds->is_array())
      for (auto& root : texts_at(input_.policy, "binds")) roots.push_back(std::move(root));
    if (under_any(source, roots)) return;
    const bool placed = std::any_of(tree_.files().begin(), tree_.files().end(),
                                    [&](const auto& file) { return below(source, file.second); });
    if (placed) return;
    const bool link = std::any_of(roots.begin(), roots.end(),
                                  [&](const auto& root) { return below(source, root); });
    if (link) {
      errors_.push_back(
          error("path.symlink",
                fmt::format("{} mounts {}, which leads through a symlink", service, source))
              .next("name the real folder"));
      return;
    }
    deny(service, "the host's " + printable(source, 200));
    wanted_.binds.insert(source);
  }

  void foreign(const std::string& kind, const std::string& name) {
    if (kind == "network" && (name == "host" || name == "none")) return;  // NetworkMode says it
    const Json* list = section("external");
    const bool allowed =
        list && list->is_array() &&
        std::any_of(list->get_array().begin(), list->get_array().end(), [&](const Json& item) {
          return item.is_string() && std::string(item.get_string()) == name;
        });
    if (allowed) return;
    deny(kind, "the external " + kind + " " + printable(name, 100));
    wanted_.lists["external"].insert(name);
  }

  /// A volume may be a bind mount in disguise: `driver_opts: {type: none, o: bind, device: /etc}`.
  void check(const Volume& volume) {
    if (volume.external) return foreign("volume", volume.name);
    const Json* options = member(volume.config, "DriverOpts");
    if (!options) return;
    const std::string device = text_at(*options, "device");
    // With MS_BIND the kernel does not look at the type, so `type: tmpfs` says nothing by itself.
    bool plain_tmpfs = text_at(*options, "type") == "tmpfs" &&
                       (device.empty() || device == "tmpfs" || device == "none");
    for (const auto& option : split(text_at(*options, "o"), ','))
      if (moves_a_mount(trim(option))) plain_tmpfs = false;
    // The daemon's own folder is /, so a relative device is one of the host's paths too.
    if (!plain_tmpfs && !device.empty()) bind(volume.key, "/" + device, false);
  }

  void contexts() {
    const Json* services = member(resolved_, "services");
    if (!services || !services->is_object()) return;
    for (const auto& pair : services->get_object()) {
      const Json* build = member(pair.value(), "build");
      if (!build) continue;
      const std::string context = text_at(*build, "context");
      const std::string service(pair.key());
      const auto relative = context.starts_with('/') ? tree_.relative(context) : std::nullopt;
      if (!relative) {
        errors_.push_back(error(context.starts_with('/') ? "path.escape" : "compose.remote_denied",
                                fmt::format("the build context of {} lies outside of the tree: {}",
                                            service, printable(context, 200)))
                              .next("build from a folder of the repository"));
        continue;
      }
      if (auto straight = tree_.no_link_on(*relative, "the build context"); !straight)
        errors_.push_back(std::move(straight.error()));
      else if (!relative->empty() && !tree_.entry(*relative))
        errors_.push_back(error(
            "path.not_found",
            fmt::format("the build context of {} is not in the tree: {}", service, *relative)));
    }
  }

  const Json& resolved_;
  const Tree& tree_;
  const PolicyInput& input_;
  std::set<std::pair<std::string, std::string>> facts_;
  std::vector<Error> errors_;
  Wanted wanted_;
};

}  // namespace

Status check_policy(const Record& record, const Json& resolved, const Tree& tree,
                    const PolicyInput& input) {
  return PolicyCheck(resolved, tree, input).run(record);
}

}  // namespace reconciler::docker
