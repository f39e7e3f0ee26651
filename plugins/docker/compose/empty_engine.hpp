// An Engine with nothing on it, as Compose sees one: it answers from what Compose has asked it to
// make and from what the model calls external, and remembers both. Nothing changes on the host.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/docker/client/engine.hpp"
#include "plugins/docker/client/tar.hpp"
#include "reconciler/base/json.hpp"

namespace reconciler::docker {

/// A request without its `/v1.NN`.
struct RecordedRequest {
  std::string method;
  std::string path;                          ///< decoded
  std::map<std::string, std::string> query;  ///< decoded
  Json body;                                 ///< null where it is no JSON
  std::string bytes;                         ///< of a body that is no JSON
};

struct Reply {
  int status = 200;
  Json body;  ///< null: none
};

/// What Compose asked for, in its order.
struct RecordedContainer {
  std::string id;
  std::string name;
  Json body;
  std::vector<std::pair<std::string, Json>> connects;  ///< network's name, EndpointConfig
  bool started = false;
  std::string platform{};                ///< of the create call's query
  std::vector<ArchivedFile> archived{};  ///< copied into it
};

class EmptyEngine {
 public:
  /// `ids`: those of containers that are there, by name; all others get made-up ones, the same at
  /// each compile (ENGINE rule 7). What is external and not there is played as if it were: that it
  /// is missing is for a look to say, with all else. `networks`, `volumes`: names that the model
  /// calls external; only those, `/info` and `/version` are asked of `real`, with GET.
  EmptyEngine(Engine& real, std::string api_version, std::set<std::string> networks,
              std::set<std::string> volumes, Deadline deadline,
              std::map<std::string, std::string> ids = {});

  /// One call at a time.
  Reply answer(const RecordedRequest& request);

  const std::string& api_version() const { return api_version_; }
  const std::vector<RecordedContainer>& containers() const { return containers_; }
  const std::vector<std::pair<std::string, Json>>& networks() const {
    return networks_;
  }  ///< name, body
  const std::vector<std::pair<std::string, Json>>& volumes() const { return volumes_; }
  /// The first request that nobody knows how to answer, as `METHOD PATH`, or a bound that was
  /// passed.
  const std::optional<std::string>& refused() const { return refused_; }
  /// A container's name that was asked for twice.
  const std::optional<std::string>& conflict() const { return conflict_; }

 private:
  Reply refuse(const RecordedRequest& request);
  Reply forward(const std::string& path);
  Reply containers(const RecordedRequest& request, const std::vector<std::string>& parts);
  Reply networks(const RecordedRequest& request, const std::vector<std::string>& parts);
  Reply volumes(const RecordedRequest& request, const std::vector<std::string>& parts);
  Reply create_container(const RecordedRequest& request);
  Reply connect(const RecordedRequest& request, const std::string& network);
  Reply archive(const RecordedRequest& request, RecordedContainer& container);
  RecordedContainer* container(const std::string& id_or_name);
  const std::pair<std::string, Json>* network(const std::string& id_or_name) const;

  Engine& real_;
  std::string api_version_;
  std::set<std::string> external_networks_;
  std::set<std::string> external_volumes_;
  Deadline deadline_;
  std::map<std::string, std::string> ids_;
  std::vector<RecordedContainer> containers_;
  std::vector<std::pair<std::string, Json>> networks_;
  std::vector<std::pair<std::string, Json>> volumes_;
  std::optional<std::string> refused_;
  std::optional<std::string> conflict_;
  std::map<std::string, Reply> forwarded_;
  size_t requests_ = 0;
  size_t archived_ = 0;  ///< bytes
};

}  // namespace reconciler::docker
