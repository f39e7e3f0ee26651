// How the fields of a container are read before they are compared; one function a rule.
#pragma once

#include "plugins/docker/services/compare.hpp"

namespace reconciler::docker::reading {

/// The value itself; empty in any spelling (null, "", 0, false, [], {}) is one.
std::optional<Json> plain(const Side&, std::string_view);
/// The value itself, where null, 0 and false are three things.
std::optional<Json> as_given(const Side&, std::string_view);
/// A limit; with Compose's hash unchanged, one that the Engine dropped is not missed.
std::optional<Json> limit(const Side&, std::string_view);
std::optional<Json> swappiness(const Side&, std::string_view);
/// Wanted empty: whatever the Engine chose is right.
std::optional<Json> engine_chooses(const Side&, std::string_view);
/// Wanted empty: what the image says.
std::optional<Json> or_image(const Side&, std::string_view);
std::optional<Json> working_dir(const Side&, std::string_view);
std::optional<Json> stop_signal(const Side&, std::string_view);
std::optional<Json> stop_timeout(const Side&, std::string_view);
std::optional<Json> entrypoint(const Side&, std::string_view);
std::optional<Json> command(const Side&, std::string_view);
std::optional<Json> environment(const Side&, std::string_view);
std::optional<Json> labels(const Side&, std::string_view);
/// On an Engine that does not know them: not compared.
std::optional<Json> annotations(const Side&, std::string_view);
std::optional<Json> exposed_ports(const Side&, std::string_view);
std::optional<Json> health_check(const Side&, std::string_view);
/// A list without order.
std::optional<Json> set_of_texts(const Side&, std::string_view);
/// Wanted null: only not to be empty. A list without order otherwise.
std::optional<Json> masked(const Side&, std::string_view);
std::optional<Json> security_options(const Side&, std::string_view);
std::optional<Json> capabilities(const Side&, std::string_view);
std::optional<Json> restart_policy(const Side&, std::string_view);
std::optional<Json> port_bindings(const Side&, std::string_view);
std::optional<Json> log_driver(const Side&, std::string_view);
std::optional<Json> log_options(const Side&, std::string_view);
std::optional<Json> memory_swap(const Side&, std::string_view);
std::optional<Json> shm_size(const Side&, std::string_view);
std::optional<Json> pids_limit(const Side&, std::string_view);
std::optional<Json> ulimits(const Side&, std::string_view);
std::optional<Json> devices(const Side&, std::string_view);
std::optional<Json> network_mode(const Side&, std::string_view);
/// `container:ID` becomes the service it stands for.
std::optional<Json> namespace_mode(const Side&, std::string_view);
/// The same; wanted empty, the daemon's default is right.
std::optional<Json> ipc_mode(const Side&, std::string_view);
std::optional<Json> volumes_from(const Side&, std::string_view);

}  // namespace reconciler::docker::reading
