// What the owner of the machine decides: the host file as plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/error.hpp"

namespace reconciler {

struct Repository {
  std::string name;
  std::string url;     ///< https://, ssh (git@host:path or ssh://), or an absolute path
  std::string branch;  ///< empty: the remote's HEAD
  std::string ssh_key;
  std::string known_hosts;
  Duration poll{std::chrono::seconds(60)};
  Place place;
};

/// The name of an application at the very root of the repository: the URL's last part.
std::string root_name_of(const Repository& repository);

struct Credentials {
  std::string ssh_key;
  std::string known_hosts;
};

/// What compose files may ask for. Names are `APP/ENV/SERVICE`, or `APP/ENV` for all of it.
struct Policy {
  std::vector<std::string> state_files;  ///< folders that state files may be written to
  std::vector<std::string> binds;        ///< roots for absolute bind sources
  std::vector<std::string> docker_socket;
  std::vector<std::string> privileged;
  std::vector<std::string> host_network;
  std::map<std::string, std::vector<std::string>> capabilities;
  std::map<std::string, std::vector<std::string>> devices;
  std::vector<std::string> external;  ///< networks and volumes of others
};

struct HostEnvironment {
  std::map<std::string, std::string> files;  ///< place in the tree -> absolute real path
  std::string data;                          ///< empty: DATA/APP/ENV
};

struct Host {
  std::string file;  ///< where it was read; empty: defaults
  std::string name = "local";
  std::vector<Repository> repositories;
  std::map<std::string, Credentials> sources;  ///< by URL prefix or absolute path
  std::vector<std::string> serve;
  std::string data;  ///< empty: STATE/data
  int parallel = 2;
  std::optional<std::int64_t> build_cache;  ///< budget in bytes; none: it is never touched
  std::map<std::string, HostEnvironment> environments;
  Policy policy;
};

}  // namespace reconciler
