#include "plugins/docker/services/readings.hpp"

#include <algorithm>
#include <cctype>

#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker::reading {
namespace {

constexpr std::string_view engine_path =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const Json& raw(const Side& side, std::string_view field) {
  const bool of_host = field.starts_with("HostConfig.");
  return member_or_null(of_host ? side.host : side.config, of_host ? field.substr(11) : field);
}

const Json& of_image(const Side& side, std::string_view field) {
  return member_or_null(side.image, field);
}

std::vector<std::string> texts(const Json& value) {
  std::vector<std::string> out;
  if (value.is_array())
    for (const Json& entry : value.as_array())
      if (entry.is_string()) out.emplace_back(entry.as_string());
  return out;
}

Json sorted(std::vector<std::string> all) {
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all.empty() ? Json() : Json(reconciler::to_json(all));
}

void add_environment(const Json& list, JsonObject& into) {
  for (const auto& entry : texts(list)) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos)
      into[entry] = nullptr;  // named and not set
    else
      into[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
}

void add_object(const Json& from, JsonObject& into) {
  if (from.is_object())
    for (const auto& [key, value] : from.as_object()) into[key] = value;
}

template <class Wanted>
JsonObject kept_of(const JsonObject& all, Wanted&& wanted) {
  JsonObject kept;
  for (const auto& [key, value] : all)
    if (wanted(std::string_view(key.data(), key.size()), value)) kept[key] = value;
  return kept;
}

/// A kernel that has not the means for a limit makes the Engine drop it, with a warning. With
/// Compose's hash unchanged that is why it is not there, and a new container would not have it.
bool dropped_by_engine(const Side& side, std::string_view field) {
  return side.record && side.around.same_hash && side.there && is_empty(raw(*side.there, field));
}

/// `[""]` clears like `[]`, and the Engine does not keep it.
bool is_one_empty_word(const Json& value) {
  return value.is_array() && value.as_array().size() == 1 && value.as_array()[0] == Json("");
}

std::string reference(const Side& side, const std::string& id) {
  if (id.starts_with("@service:")) return id;
  return side.around.container_reference ? side.around.container_reference(id) : id;
}

}  // namespace

std::optional<Json> plain(const Side& side, std::string_view field) {
  return without_empty(raw(side, field));
}

std::optional<Json> as_given(const Side& side, std::string_view field) {
  return raw(side, field);
}

std::optional<Json> limit(const Side& side, std::string_view field) {
  if (dropped_by_engine(side, field)) return std::nullopt;
  return plain(side, field);
}

std::optional<Json> swappiness(const Side& side, std::string_view field) {
  if (dropped_by_engine(side, field)) return std::nullopt;
  const Json& own = raw(side, field);  // 0 is to swap only when it must
  return own == Json(-1) ? Json() : own;
}

std::optional<Json> engine_chooses(const Side& side, std::string_view field) {
  const Json value = without_empty(raw(side, field));
  if (side.record && value.is_null()) return std::nullopt;
  return value;
}

std::optional<Json> or_image(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  return without_empty(side.record && is_empty(own) ? of_image(side, field) : own);
}

std::optional<Json> working_dir(const Side& side, std::string_view field) {
  const auto value = or_image(side, field);
  if (!value->is_string()) return value;
  const auto clean = clean_path(std::string(value->as_string()));
  return clean == "/" ? Json() : Json(clean);
}

std::optional<Json> stop_signal(const Side& side, std::string_view field) {
  const auto value = or_image(side, field);
  return value->is_null() ? Json("SIGTERM") : value;
}

std::optional<Json> stop_timeout(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  return own.is_null() ? Json(10) : own;  // 0 is to kill at once
}

std::optional<Json> entrypoint(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  // Null inherits, an empty list clears; what inspect shows is what became of it.
  if (side.record && own.is_null()) return without_empty(of_image(side, field));
  return is_one_empty_word(own) ? Json() : without_empty(own);
}

std::optional<Json> command(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  if (!side.record || !is_empty(own)) return without_empty(own);
  // An entrypoint of its own drops the image's command; [] has nothing of its own, [""] has.
  return is_empty(raw(side, "Entrypoint")) ? without_empty(of_image(side, field)) : Json();
}

std::optional<Json> environment(const Side& side, std::string_view field) {
  JsonObject all;
  if (side.record) {
    add_environment(of_image(side, field), all);
    JsonObject own;
    add_environment(raw(side, field), own);
    if (!all.contains("PATH") && !own.contains("PATH"))
      add_environment(JsonArray{Json(engine_path)}, all);
    add_object(own, all);
  } else {
    add_environment(raw(side, field), all);
    if (!all.contains("PATH")) add_environment(JsonArray{Json(engine_path)}, all);
  }
  // `B` alone takes the image's B away; nothing tells it from never having been named.
  return Json(kept_of(all, [](std::string_view, const Json& value) { return !value.is_null(); }));
}

std::optional<Json> labels(const Side& side, std::string_view field) {
  JsonObject all;
  if (side.record) add_object(of_image(side, field), all);
  add_object(raw(side, field), all);
  // Compose's own differ by its version; ours are added at creation.
  return Json(kept_of(all, [](std::string_view key, const Json&) {
    return !key.starts_with(label::compose_prefix) && !key.starts_with(label::own_prefix);
  }));
}

std::optional<Json> annotations(const Side& side, std::string_view field) {
  const Json& host = side.record && side.there ? side.there->host : side.host;
  if (!member(host, field.substr(11))) return std::nullopt;
  JsonObject all;
  add_object(raw(side, field), all);
  return Json(std::move(all));
}

std::optional<Json> exposed_ports(const Side& side, std::string_view field) {
  JsonObject all;
  if (side.record) add_object(of_image(side, field), all);
  add_object(raw(side, field), all);
  JsonObject named;
  for (const auto& [key, value] : all) {
    std::string port(key);
    named[port.find('/') == std::string::npos ? port + "/tcp" : port] = true;
  }
  return Json(std::move(named));
}

std::optional<Json> health_check(const Side& side, std::string_view field) {
  JsonObject all;
  const Json& own = raw(side, field);
  if (side.record) {
    const Json inherited = without_empty(of_image(side, field));
    add_object(inherited, all);
  }
  add_object(without_empty(own), all);  // field by field: what is left out is inherited
  return all.empty() ? Json() : Json(std::move(all));
}

std::optional<Json> set_of_texts(const Side& side, std::string_view field) {
  return sorted(texts(raw(side, field)));
}

std::optional<Json> masked(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  if (side.record && own.is_null()) {
    // The default differs by Engine, and masks something wherever not all is allowed.
    const Json& there = side.there ? raw(*side.there, field) : own;
    const bool unmasked = there.is_array() && there.as_array().empty();
    if (unmasked && !truth_at(side.there->host, "Privileged")) return Json();
    return std::nullopt;
  }
  auto all = texts(own);
  std::ranges::sort(all);
  return Json(reconciler::to_json(all));
}

std::optional<Json> security_options(const Side& side, std::string_view field) {
  auto all = texts(raw(side, field));
  const bool added = truth_at(side.host, "Privileged") || text_at(side.host, "PidMode") == "host" ||
                     text_at(side.host, "IpcMode") == "host";
  if (added) std::erase(all, "label=disable");
  return sorted(std::move(all));
}

std::optional<Json> capabilities(const Side& side, std::string_view field) {
  auto all = texts(raw(side, field));
  for (auto& name : all) {
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (name != "ALL" && !name.starts_with("CAP_")) name.insert(0, "CAP_");
  }
  return sorted(std::move(all));
}

std::optional<Json> restart_policy(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  const auto name = text_at(own, "Name");
  if (name.empty() || name == "no") return Json("no");
  const auto most = number_at(own, "MaximumRetryCount");
  return Json(most > 0 ? name + ":" + std::to_string(most) : name);
}

std::optional<Json> port_bindings(const Side& side, std::string_view field) {
  JsonObject ports;
  const Json& own = raw(side, field);
  if (!own.is_object()) return Json(std::move(ports));
  for (const auto& [key, bindings] : own.as_object()) {
    std::vector<std::string> places;
    if (bindings.is_array())
      for (const Json& binding : bindings.as_array()) {
        const auto ip = text_at(binding, "HostIp");
        const auto port = text_at(binding, "HostPort");
        const auto shown = port.empty() || port == "0" ? std::string("any") : port;
        places.push_back(ip.empty() ? shown : ip + ":" + shown);
      }
    std::ranges::sort(places);
    std::string name(key);
    if (name.ends_with("/tcp")) name.resize(name.size() - 4);  // as people write it
    ports[name] = join(places, " ");
  }
  return Json(std::move(ports));
}

std::optional<Json> log_driver(const Side& side, std::string_view field) {
  const auto driver = text_at(raw(side, field), "Type");
  if (side.record && driver.empty()) return std::nullopt;  // the daemon's own
  return Json(driver);
}

std::optional<Json> log_options(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  const Json* options = member(own, "Config");
  // A daemon may have options of its own, which no reply of it tells. With Compose's hash unchanged
  // they explain what is there; otherwise options that nobody asks for are a difference.
  if (side.record && text_at(own, "Type").empty() && side.around.same_hash) return std::nullopt;
  return options ? without_empty(*options) : Json();
}

std::optional<Json> memory_swap(const Side& side, std::string_view field) {
  const auto memory = number_at(side.host, "Memory");
  const auto swap = number_at(side.host, field.substr(11));
  // What is there as -1 is without bounds, or a kernel that does not count swap, whatever was asked
  // for.
  if (side.record && side.there && number_at(side.there->host, field.substr(11)) == -1 &&
      (swap == 0 || side.around.same_hash))
    return std::nullopt;
  if (swap == 0) return memory > 0 ? Json(2 * memory) : Json();
  return Json(swap);
}

std::optional<Json> shm_size(const Side& side, std::string_view field) {
  const auto size = number_at(side.host, field.substr(11));
  return Json(size == 0 ? std::int64_t{64} << 20U : size);
}

std::optional<Json> pids_limit(const Side& side, std::string_view field) {
  if (dropped_by_engine(side, field)) return std::nullopt;
  const auto limit = number_at(side.host, field.substr(11));
  return limit <= 0 ? Json() : Json(limit);
}

std::optional<Json> ulimits(const Side& side, std::string_view field) {
  JsonObject all;
  if (const Json& own = raw(side, field); own.is_array())
    for (const Json& entry : own.as_array())
      all[text_at(entry, "Name")] =
          std::to_string(number_at(entry, "Soft")) + ":" + std::to_string(number_at(entry, "Hard"));
  return Json(std::move(all));
}

std::optional<Json> devices(const Side& side, std::string_view field) {
  JsonObject all;
  if (const Json& own = raw(side, field); own.is_array())
    for (const Json& entry : own.as_array())
      all[text_at(entry, "PathInContainer")] =
          text_at(entry, "PathOnHost") + ":" + text_at(entry, "CgroupPermissions", "rwm");
  return Json(std::move(all));
}

std::optional<Json> namespace_mode(const Side& side, std::string_view field) {
  const Json& own = raw(side, field);
  const std::string mode = own.is_string() ? std::string(own.as_string()) : "";
  if (mode.starts_with("container:")) return Json(reference(side, mode.substr(10)));
  return mode.empty() ? Json() : Json(mode);
}

std::optional<Json> ipc_mode(const Side& side, std::string_view field) {
  if (side.record && side.there && is_empty(raw(side, field))) {
    // The daemon's default is one of these; the host's, or another's, was asked for.
    const auto there = text_at(side.there->host, "IpcMode");
    if (there.empty() || there == "private" || there == "shareable") return std::nullopt;
  }
  return namespace_mode(side, field);
}

std::optional<Json> network_mode(const Side& side, std::string_view field) {
  const auto mode = text_at(side.host, field.substr(11));
  if (mode.starts_with("container:")) return Json(reference(side, mode.substr(10)));
  if (mode == "host" || mode == "none") return Json(mode);
  // Which networks, and how, is compared network by network; the first one alone has no meaning.
  return Json("networks");
}

std::optional<Json> volumes_from(const Side& side, std::string_view field) {
  auto all = texts(raw(side, field));
  for (auto& entry : all) {
    if (entry.ends_with(":rw")) entry.resize(entry.size() - 3);  // the default
    if (entry.starts_with("@service:")) continue;
    const auto colon = entry.find(':');
    entry = reference(side, entry.substr(0, colon)) +
            (colon == std::string::npos ? "" : entry.substr(colon));
  }
  return sorted(std::move(all));
}

}  // namespace reconciler::docker::reading
