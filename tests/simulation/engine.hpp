// An Engine in memory, honest in what the replacement of containers depends on: unique names,
// states, networks, anonymous volumes, published ports, the image's configuration in what inspect
// shows. It speaks the real one's paths and writes down each changing call in the grammar of
// moves.hpp. It can die before or after any of them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/client/tar.hpp"

namespace reconciler::simulation {

struct SimulatedContainer {
  std::string id;
  std::string name;
  Json body;  ///< of its create call
  std::string image_id;
  std::string state = "created";
  std::int64_t exit_code = 0;
  std::string health;        ///< empty: no health check
  std::int64_t created = 0;  ///< seconds of the simulated wall clock
  std::int64_t started = 0;
  std::int64_t finished = 0;
  int restarts = 0;
  std::map<std::string, Json> networks;  ///< name -> endpoint config
  std::map<std::string, std::string> network_ids;
  std::map<std::string, std::string> anonymous;  ///< target -> volume name
  std::string restart_policy;
  std::vector<docker::ArchivedFile> files;  ///< copied in
  bool recent = false;                      ///< of the Engine that made it
};

struct SimulatedImage {
  std::string id;
  std::vector<std::string> tags;
  Json config;  ///< Env, Cmd, Labels, Volumes, ...
};

/// A program that was run in a container.
struct SimulatedExec {
  std::string container;  ///< its name at that time
  Json body;
};

class SimulatedEngine final : public docker::Engine {
 public:
  explicit SimulatedEngine(const Clock& clock) : clock_(clock) {}

  // The seam
  Result<docker::Answer> call(const std::string& method, const std::string& path, const Json* body,
                              Deadline deadline, std::stop_token stop = {}) override;
  Result<docker::Answer> put_archive(const std::string& path, const std::string& tar,
                                     Deadline deadline) override;
  Status stream(const std::string& method, const std::string& path, const Json* body,
                const std::function<void(std::string_view)>& on_line, Deadline deadline,
                std::stop_token stop = {}) override;
  Status exec(const std::string& id, const docker::ExecPipes& pipes, Deadline deadline,
              std::stop_token stop) override;
  Result<std::string> api_version(Deadline) override { return std::string("1.41"); }
  const Clock& clock() const override { return clock_; }

  // The world
  std::string add_image(const std::string& reference, Json config);
  SimulatedContainer* named(const std::string& name);
  std::vector<std::string> names() const;                ///< `NAME:STATE`, sorted
  std::map<std::string, SimulatedContainer> containers;  ///< by id
  std::map<std::string, Json> networks;                  ///< by name; `Id` in it
  std::map<std::string, Json> volumes;
  std::vector<SimulatedImage> images;
  std::set<std::string> lost_volumes;  ///< anonymous ones that went with a container
  std::int64_t now = 1'000'000;        ///< the simulated wall clock
  bool healthy = true;                 ///< what health checks say
  std::int64_t exit_code_of_stopped = 137;
  bool recent = false;  ///< shows containers as Engines since 25 do, not as 20.10 does
  /// Fields of `HostConfig` that the kernel has no means for: the Engine drops them with a warning.
  std::set<std::string> dropped;

  // What was asked of it
  std::atomic<int> reads = 0;
  std::vector<std::string> changes;  ///< since the last clear
  std::vector<SimulatedExec> execs;  ///< that ran, in order
  int exec_exit_code = 0;            ///< of every one
  std::string exec_output;           ///< of every one whose output is carried
  /// What somebody else does just before a changing call.
  std::function<void(const std::string& call)> before;
  /// Its program begins.
  std::function<void(SimulatedContainer&)> started = [](SimulatedContainer&) {};
  /// Dies at the n-th changing call from now (0: the next), before or after it took effect.
  void die_at(size_t n, bool after);
  void revive();
  bool dead() const { return dead_; }

 private:
  /// Does what a call does, unless the Engine is dead or dies at it.
  Result<docker::Answer> mortal(bool is_change, const std::function<docker::Answer()>& work);
  docker::Answer answer(const std::string& method, const std::string& path, const Json* body);
  docker::Answer read(const std::vector<std::string>& parts, const std::string& query);
  docker::Answer change(const std::string& method, const std::vector<std::string>& parts,
                        const std::string& query, const Json* body);
  docker::Answer change_container(const std::string& verb, SimulatedContainer& container,
                                  const std::string& query, const Json* body);
  docker::Answer create(const std::string& name, const Json& body);
  docker::Answer start(SimulatedContainer& container);
  docker::Answer make_exec(const SimulatedContainer& container, const Json& body);
  docker::Answer connect(const std::string& network, const Json& body);
  docker::Answer make_network(const Json& body);
  docker::Answer make_volume(const Json& body);
  docker::Answer remove_network(const std::string& name);
  docker::Answer remove_image(const std::string& reference);
  std::string grammar(const std::string& method, const std::vector<std::string>& parts,
                      const std::string& query, const Json* body) const;
  SimulatedContainer* find(const std::string& reference);
  const SimulatedContainer* find(const std::string& reference) const;
  const SimulatedImage* image(const std::string& reference) const;
  std::string fresh_id();

  const Clock& clock_;
  std::uint64_t serial_ = 0;
  bool dead_ = false;
  std::optional<size_t> dies_at_;
  bool dies_after_ = false;
  std::map<std::string, SimulatedExec> made_execs_;  ///< by id
};

}  // namespace reconciler::simulation
