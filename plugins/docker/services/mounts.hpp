// Mounts by target, however they were written: `Binds`, `Mounts`, `Tmpfs`, `Volumes`.
// Compose 2.26 writes volumes as `Mounts`, 2.40 as `Binds`; both mean one thing.
#pragma once

#include <map>
#include <string>

#include "reconciler/base/json.hpp"

namespace reconciler::docker {

struct Mount {
  std::string type{};    ///< bind, volume, tmpfs
  std::string source{};  ///< path or volume name; empty: anonymous, or tmpfs
  bool read_only = false;
  Json options{};  ///< what else was asked for, empty things left out

  /// An anonymous volume: no name was given, or the Engine's own 64 hexadecimal digits.
  bool anonymous() const;
};

/// `config` is a create body's or inspect's `Config` (for `Volumes`), `host` its `HostConfig`.
std::map<std::string, Mount> mounts_of(const Json& config, const Json& host);

/// Volume names by target that a container uses for targets without a name of their own: what moves
/// to the container that takes its place. From inspect's `Mounts`.
std::map<std::string, std::string> anonymous_volumes(const Json& inspect);

/// Null, empty text, zero, false, an empty list, an object of such alone: what the Engine writes
/// for "not asked for" differs by field and version.
bool is_empty(const Json& value);
/// Members that are empty left out, at any depth; null where nothing is left.
Json without_empty(const Json& value);
/// The same of that member; null where there is none.
Json member_without_empty(const Json& value, std::string_view name);

}  // namespace reconciler::docker
