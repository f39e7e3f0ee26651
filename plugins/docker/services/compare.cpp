#include "plugins/docker/services/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "plugins/docker/services/endpoints.hpp"
#include "plugins/docker/services/mounted.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "plugins/docker/services/place.hpp"
#include "plugins/docker/services/readings.hpp"
#include "plugins/docker/services/state.hpp"

namespace reconciler::docker {
namespace {

using namespace reading;  // NOLINT: the table below reads like the page that it comes from

constexpr auto no = Row::Show::no;
constexpr auto yes = Row::Show::yes;

const std::vector<Row> table = {
    // field, what people call it, how it is read, may values be shown, why
    {"Env", "environment", environment, no,
     "merged with the image's by name; PATH is the Engine's"},
    {"Entrypoint", "entrypoint", entrypoint, no, "null inherits, [] and [\"\"] clear"},
    {"Cmd", "command", command, no, "an entrypoint of its own drops the image's"},
    {"Labels", "label", labels, no, "merged with the image's; Compose's and ours aside"},
    {"ExposedPorts", "exposed port", exposed_ports, no, "merged with the image's"},
    {"Healthcheck", "healthcheck", health_check, no, "field by field; {} inherits"},
    {"User", "user", or_image, no, "empty inherits"},
    {"WorkingDir", "working directory", working_dir, no, "empty inherits; cleaned"},
    {"StopSignal", "stop signal", stop_signal, yes, "empty inherits; SIGTERM is the default"},
    {"StopTimeout", "stop grace period", stop_timeout, yes, "empty: 10 s; 0 is none"},
    {"Hostname", "hostname", engine_chooses, no, "empty: generated"},
    {"Domainname", "domain name", plain, no, ""},
    {"Tty", "tty", plain, yes, ""},
    {"OpenStdin", "stdin", plain, yes, ""},
    {"StdinOnce", "stdin", plain, yes, ""},
    {"NetworkDisabled", "network", plain, yes, ""},
    {"MacAddress", "mac address", engine_chooses, yes, "empty: generated"},
    {"Shell", "shell", or_image, no, "empty inherits"},

    {"HostConfig.NetworkMode", "network mode", network_mode, yes,
     "networks are compared one by one"},
    {"HostConfig.PidMode", "pid", namespace_mode, yes,
     "a container's id is the service it stands for"},
    {"HostConfig.IpcMode", "ipc", ipc_mode, yes, "empty: the daemon's default"},
    {"HostConfig.UTSMode", "uts", plain, yes, ""},
    {"HostConfig.UsernsMode", "userns", plain, yes, ""},
    {"HostConfig.CgroupnsMode", "cgroup", engine_chooses, yes, "empty: the daemon's default"},
    {"HostConfig.Cgroup", "cgroup", plain, yes, ""},
    {"HostConfig.CgroupParent", "cgroup parent", plain, yes, ""},
    {"HostConfig.Annotations", "annotation", annotations, no, "an older Engine has none"},
    {"HostConfig.Runtime", "runtime", engine_chooses, yes, "empty: the daemon's default"},
    {"HostConfig.Isolation", "isolation", engine_chooses, yes, "empty: the daemon's default"},
    {"HostConfig.PortBindings", "port", port_bindings, yes, "free host ports have no number"},
    {"HostConfig.PublishAllPorts", "published ports", plain, yes, ""},
    {"HostConfig.RestartPolicy", "restart", restart_policy, yes, "empty is no"},
    {"HostConfig.AutoRemove", "auto remove", plain, yes, ""},
    {"HostConfig.LogConfig", "log driver", log_driver, yes, "empty: the daemon's default"},
    {"HostConfig.LogConfig", "log options", log_options, no, "empty: the daemon's default"},
    {"HostConfig.VolumesFrom", "volumes from", volumes_from, no,
     "ids are the services they stand for"},
    {"HostConfig.VolumeDriver", "volume driver", plain, yes, ""},
    {"HostConfig.CapAdd", "capabilities", capabilities, yes, "upper case, with CAP_, a set"},
    {"HostConfig.CapDrop", "dropped capabilities", capabilities, yes,
     "upper case, with CAP_, a set"},
    {"HostConfig.SecurityOpt", "security options", security_options, no,
     "a set; privileged and host namespaces add label=disable"},
    {"HostConfig.MaskedPaths", "masked paths", masked, no, "null: the Engine's, [] is unmasked"},
    {"HostConfig.ReadonlyPaths", "read-only paths", masked, no,
     "null: the Engine's, [] is unmasked"},
    {"HostConfig.Privileged", "privileged", plain, yes, ""},
    {"HostConfig.ReadonlyRootfs", "read-only root", plain, yes, ""},
    {"HostConfig.Init", "init", as_given, yes, "null is the daemon's default, and stays null"},
    {"HostConfig.Dns", "dns", plain, no, "order has meaning"},
    {"HostConfig.DnsOptions", "dns options", plain, no, "order has meaning"},
    {"HostConfig.DnsSearch", "dns search", plain, no, "order has meaning"},
    {"HostConfig.ExtraHosts", "extra hosts", set_of_texts, no, "a set"},
    {"HostConfig.GroupAdd", "groups", set_of_texts, no, "a set"},
    {"HostConfig.Ulimits", "ulimit", ulimits, yes, "by name"},
    {"HostConfig.Sysctls", "sysctl", plain, no, ""},
    {"HostConfig.StorageOpt", "storage option", plain, no, ""},
    {"HostConfig.Devices", "device", devices, yes, "by the path inside"},
    {"HostConfig.DeviceRequests", "device requests", plain, no, ""},
    {"HostConfig.DeviceCgroupRules", "device rules", set_of_texts, no, "a set"},
    {"HostConfig.ShmSize", "shm size", shm_size, yes, "0 is 64 MiB"},
    {"HostConfig.Memory", "memory", limit, yes, "the kernel may not have it"},
    {"HostConfig.MemoryReservation", "memory reservation", limit, yes,
     "the kernel may not have it"},
    {"HostConfig.MemorySwap", "memory swap", memory_swap, yes,
     "0 is twice the memory; -1 may be the kernel's"},
    {"HostConfig.MemorySwappiness", "memory swappiness", swappiness, yes, "null: the kernel's"},
    {"HostConfig.OomKillDisable", "oom kill", limit, yes, "null and false are one"},
    {"HostConfig.OomScoreAdj", "oom score", plain, yes, ""},
    {"HostConfig.PidsLimit", "pids limit", pids_limit, yes, "0, -1 and null are no limit"},
    {"HostConfig.NanoCpus", "cpus", plain, yes, ""},
    {"HostConfig.CpuShares", "cpu shares", limit, yes, "the kernel may not have it"},
    {"HostConfig.CpuPeriod", "cpu period", limit, yes, "the kernel may not have it"},
    {"HostConfig.CpuQuota", "cpu quota", limit, yes, "the kernel may not have it"},
    {"HostConfig.CpuRealtimePeriod", "cpu realtime period", limit, yes,
     "the kernel may not have it"},
    {"HostConfig.CpuRealtimeRuntime", "cpu realtime runtime", limit, yes,
     "the kernel may not have it"},
    {"HostConfig.CpusetCpus", "cpuset", limit, yes, "the kernel may not have it"},
    {"HostConfig.CpusetMems", "cpuset memory", limit, yes, "the kernel may not have it"},
    {"HostConfig.CpuCount", "cpu count", limit, yes, "on Windows alone"},
    {"HostConfig.CpuPercent", "cpu percent", limit, yes, "on Windows alone"},
    {"HostConfig.BlkioWeight", "block io weight", limit, yes, "the kernel may not have it"},
    {"HostConfig.BlkioWeightDevice", "block io weight of devices", limit, no,
     "the kernel may not have it"},
    {"HostConfig.BlkioDeviceReadBps", "block io read rate", limit, no,
     "the kernel may not have it"},
    {"HostConfig.BlkioDeviceWriteBps", "block io write rate", limit, no,
     "the kernel may not have it"},
    {"HostConfig.BlkioDeviceReadIOps", "block io reads", limit, no, "the kernel may not have it"},
    {"HostConfig.BlkioDeviceWriteIOps", "block io writes", limit, no, "the kernel may not have it"},
    {"HostConfig.IOMaximumIOps", "io maximum", plain, yes, ""},
    {"HostConfig.IOMaximumBandwidth", "io bandwidth", plain, yes, ""},
};

/// Compared elsewhere, or without meaning for what runs.
const std::set<std::string, std::less<>> set_aside = {
    // images, mounts and networks have their own comparison
    "Image",
    "Volumes",
    "HostConfig.Binds",
    "HostConfig.Mounts",
    "HostConfig.Tmpfs",
    "NetworkingConfig",
    "HostConfig.Links",  // null in inspect on user networks; the endpoints have them
    "HostConfig",
    // of the moment of creation, or of a terminal
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "OnBuild",
    "HostConfig.ConsoleSize",
    "HostConfig.ContainerIDFile",
    // on 20.10 alone
    "HostConfig.KernelMemory",
    "HostConfig.KernelMemoryTCP",
    "ArgsEscaped",
};

/// `container:@service:web:1` as compose files say it: `service:web`.
std::string as_written(std::string text) {
  if (text.find("@service:") == std::string::npos) return text;
  static const std::regex symbol("(?:container:)?@(service:[^:\"]*):[0-9]+");
  return std::regex_replace(text, symbol, "$1");
}

std::string shown(const Json& value) {
  if (value.is_null()) return "";
  return as_written(value.is_string() ? std::string(value.as_string()) : canonical(value));
}

void add(std::vector<Difference>& out, std::string field, Row::Show show, const Json& before,
         const Json& after) {
  Difference difference{.field = std::move(field), .before = "", .after = ""};
  if (show == Row::Show::yes) {
    difference.before = shown(before);
    difference.after = shown(after);
    if (difference.before.empty()) difference.before = "none";
    if (difference.after.empty()) difference.after = "none";
  }
  for (const auto& known : out)
    if (known.field == difference.field) return;
  out.push_back(std::move(difference));
}

/// Objects key by key, so that the key is named: `environment DEBUG`, `port 80`.
void compare_row(const Row& row, const Json& before, const Json& after,
                 std::vector<Difference>& out) {
  static const Json nothing;
  if (!before.is_object() || !after.is_object()) {
    if (!same(before, after)) add(out, std::string(row.word), row.show, before, after);
    return;
  }
  std::set<std::string> keys;
  for (const auto& [key, value] : before.as_object()) keys.emplace(key);
  for (const auto& [key, value] : after.as_object()) keys.emplace(key);
  const bool by_key = row.read == environment || row.read == labels || row.read == exposed_ports ||
                      row.read == port_bindings || row.read == ulimits || row.read == devices ||
                      row.read == annotations;
  for (const auto& key : keys) {
    const Json* old = member(before, key);
    const Json* now = member(after, key);
    const Json& a = old ? *old : nothing;
    const Json& b = now ? *now : nothing;
    if (same(a, b)) continue;
    if (by_key)
      add(out, fmt::format("{} {}", row.word, key), row.show, a, b);
    else
      add(out, std::string(row.word), row.show, before, after);
  }
}

/// The fields under `prefix` that a row has, and those that are set aside.
std::set<std::string_view> known_fields(std::string_view prefix) {
  std::set<std::string_view> all;
  const auto add = [&](std::string_view field) {
    if (field.starts_with(prefix)) all.insert(field.substr(prefix.size()));
  };
  for (const auto& row : table) add(row.field);
  for (const auto& field : set_aside) add(field);
  return all;
}

/// A field that no row knows: what a later Compose asks for must not be missed, what a later Engine
/// adds by itself must not restart anything. So it counts only where it is wanted.
void compare_unknown(const Json& wanted, const Json& observed,
                     const std::set<std::string_view>& known, std::vector<Difference>& out) {
  if (!wanted.is_object()) return;
  for (const auto& [key, value] : wanted.as_object()) {
    if (is_empty(value) || known.contains(key)) continue;
    const Json* there = member(observed, key);
    if (!there || !same(without_empty(*there), without_empty(value)))
      add(out, std::string(key), no, {}, {});
  }
}

void compare_image(const Container& wanted, const Json& inspect, const Surroundings& around,
                   std::vector<Difference>& out) {
  const Json* config = member(inspect, "Config");
  const auto before = config ? text_at(*config, "Image") : "";
  const auto after = text_at(wanted.config, "Image");
  const auto running = text_at(inspect, "Image");
  const bool same_name = familiar_reference(before) == familiar_reference(after);
  if (same_name && !around.image_will_change &&
      (around.wanted_image_id.empty() || around.wanted_image_id == running))
    return;  // not on the host: a tag that vanished is put back, and the container stays
  if (!same_name) {
    out.push_back({"image", before, after});
    return;
  }
  out.push_back({"image", fmt::format("{} ({})", before, short_id(running)),
                 around.image_will_change
                     ? after + " (made anew)"
                     : fmt::format("{} ({})", after, short_id(around.wanted_image_id))});
}

/// In no inspect (ENGINE 10): a label of ours says which were copied, or they are read back.
void compare_copied_files(const Container& wanted, const Json& config, const Surroundings& around,
                          std::vector<Difference>& out) {
  if (!around.copied_files) {
    const auto before = text_at(member_or_null(config, "Labels"), label::files);
    const auto after = text_at(member_or_null(wanted.config, "Labels"), label::files);
    if (before != after) out.push_back({"copied files", "", ""});
    return;
  }
  for (const auto& file : wanted.files)
    if (std::ranges::none_of(*around.copied_files, [&](const ArchivedFile& there) {
          return there.path == file.path && there.mode == file.mode &&
                 there.content == file.content;  // its owner may be the container's user
        }))
      out.push_back({"copied file " + file.path, "", ""});
}

/// In no inspect either. Of one that Compose made nobody can tell; ours without the label has none.
void compare_hooks(const Container& wanted, const Json& config, std::vector<Difference>& out) {
  const Json& there = member_or_null(config, "Labels");
  if (text_at(there, label::attempt).empty()) return;
  const auto after = text_at(member_or_null(wanted.config, "Labels"), label::hooks);
  if (text_at(there, label::hooks) != after) out.push_back({"hooks", "", ""});
}

/// Of one that refers to others Compose's hash holds their ids: ours has the other one beside it,
/// and of one that Compose made nobody can tell.
bool same_hash(const Json& there, const Json& wanted, bool refers) {
  const auto own = text_at(wanted, label::config_hash);
  if (!refers) return text_at(there, label::config_hash) == own;
  const auto compiled = text_at(there, label::compiled_hash);
  return compiled.empty() || compiled == own;
}

}  // namespace

const std::vector<Row>& comparison_table() {
  return table;
}

std::vector<Difference> compare(const Container& wanted, const Json& inspect,
                                const Surroundings& around) {
  std::vector<Difference> out;
  static const Json nothing;
  Surroundings known = around;
  const Side before{member_or_null(inspect, "Config"), member_or_null(inspect, "HostConfig"),
                    nothing, false, known};
  const Side after{wanted.config,
                   member_or_null(wanted.config, "HostConfig"),
                   around.wanted_image ? *around.wanted_image : nothing,
                   true,
                   known,
                   &before};
  if (const Json* labels = member(before.config, "Labels"))
    if (const Json* own = member(wanted.config, "Labels"))
      known.same_hash = same_hash(*labels, *own, !lenders(wanted).empty());

  compare_image(wanted, inspect, known, out);
  for (const auto& row : table) {
    const auto a = row.read(before, row.field);
    const auto b = row.read(after, row.field);
    if (a && b) compare_row(row, *a, *b, out);
  }
  compare_mounts(before, after, out);
  compare_copied_files(wanted, before.config, known, out);
  compare_hooks(wanted, before.config, out);
  compare_endpoints(wanted, inspect, known, out);
  static const auto fields = known_fields("");
  static const auto host_fields = known_fields("HostConfig.");
  compare_unknown(after.config, before.config, fields, out);
  compare_unknown(after.host, before.host, host_fields, out);
  return out;
}

std::vector<Difference> compare_records(const Container& before, const Container& after) {
  std::vector<Difference> out;
  static const Json nothing;
  const Surroundings none;
  const auto side = [&](const Container& one) {
    return Side{one.config, member_or_null(one.config, "HostConfig"), nothing, true, none};
  };
  const Side a = side(before);
  const Side b = side(after);
  const auto was = text_at(before.config, "Image");
  const auto is = text_at(after.config, "Image");
  if (familiar_reference(was) != familiar_reference(is)) out.push_back({"image", was, is});
  for (const auto& row : table) {
    if (row.read == network_mode) continue;  // the networks themselves say it
    const auto old = row.read(a, row.field);
    const auto now = row.read(b, row.field);
    compare_row(row, old.value_or(Json()), now.value_or(Json()), out);
  }
  if (before.files.size() != after.files.size() ||
      !std::ranges::equal(before.files, after.files, [](const auto& one, const auto& other) {
        return one.path == other.path && one.content == other.content && one.mode == other.mode;
      }))
    out.push_back({"copied files", "", ""});
  if (before.post_start != after.post_start || before.pre_stop != after.pre_stop)
    out.push_back({"hooks", "", ""});
  return out;
}

}  // namespace reconciler::docker
