// What Compose may ask an Engine for: any create request, of the shape that 2.26 and 2.40 record,
// over any image.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/compose/empty_engine.hpp"

namespace reconciler::property {

/// A recorded container and what it was recorded against.
struct AnyRequest {
  docker::RecordedContainer recorded;
  Json image;  ///< configuration of the image that the container names

  JsonObject& config() { return recorded.body.as_object(); }
  JsonObject& host() { return config()["HostConfig"].as_object(); }
};

/// The services that others borrow namespaces and volumes from; their ids are those of the record.
std::vector<docker::RecordedContainer> lenders();

inline const std::vector<std::string> networks{"p_back", "p_data", "p_front"};
inline const std::vector<std::string> volumes{"p_data", "p_other"};

/// Drawn in a rapidcheck property.
AnyRequest any_request();

/// Writes the labels that Compose derives from all else: its hash of the service.
void put_hash(AnyRequest& request);

/// Draws, also for the files beside this one.
bool maybe();
std::string one_of(const std::vector<std::string>& texts);
std::int64_t one_of(const std::vector<std::int64_t>& numbers);
Json one_of(const std::vector<Json>& values);

}  // namespace reconciler::property
