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

/// Where variables come from that stand in no file of the tree: exactly one of command, file and
/// names. `${APPLICATION}`, `${ENVIRONMENT}` and `${FILE}` are filled in in the first two.
struct Provider {
  /// A part of a program's environment: a text, or what a file holds (its last line end aside).
  struct Value {
    std::string text;
    std::string file;
  };
  std::vector<std::string> command;  ///< an argument vector; it prints an env file, or JSON
  std::map<std::string, Value> environment;
  std::string file;                ///< an env file, absolute
  std::vector<std::string> names;  ///< of the reconciler's own environment
  Duration timeout{std::chrono::seconds(20)};
  Duration refresh{std::chrono::minutes(10)};  ///< asked at most that often, and before each apply
  Duration keep_last{0};                       ///< how long its last answer serves when it is away
};

struct HostEnvironment {
  std::map<std::string, std::string> files;  ///< place in the tree -> absolute real path
  std::string data;                          ///< empty: DATA/APP/ENV
  std::vector<std::string> also_lock;        ///< files that others, old scripts say, flock
  std::vector<std::string> approvers;        ///< users who may approve; empty: whoever runs it
};

struct Host {
  std::string file;  ///< where it was read; empty: defaults
  std::string name = "local";
  std::vector<Repository> repositories;
  std::map<std::string, Credentials> sources;  ///< by URL prefix or absolute path
  std::vector<std::string> serve;
  std::string data;     ///< empty: STATE/data
  std::string backups;  ///< empty: STATE/backups
  int parallel = 2;
  Duration look{std::chrono::seconds(60)};  ///< how often `run` looks by the clock alone
  std::optional<std::int64_t> build_cache;  ///< budget in bytes; none: it is never touched
  std::map<std::string, Provider> providers;
  std::map<std::string, HostEnvironment> environments;
  Policy policy;
};

}  // namespace reconciler
