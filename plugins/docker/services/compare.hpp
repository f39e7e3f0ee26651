// Is a container what the compiled model asks for? Field by field in the Engine's own words, after
// the image's configuration and the Engine's defaults are merged into what is wanted.
// The rules are ENGINE.md's "Record against inspect", as one table in compare.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/docker/compose/model.hpp"
#include "plugins/docker/services/look.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::docker {

/// What a comparison needs besides the two containers.
struct Surroundings {
  /// Configuration of the image that is wanted; null while it is not on the host.
  const Json* wanted_image = nullptr;
  /// ID of the wanted image; empty while it is not on the host, or will be made anew.
  std::string wanted_image_id;
  /// The image of that name will be made anew before the switch.
  bool image_will_change = false;
  /// What `container:ID` stands for: `@service:NAME:NUMBER`, or empty for an unknown or replaced
  /// one.
  std::function<std::string(std::string_view id)> container_reference;
  /// Networks by name, to tell one that was made anew from the one that a container was put on.
  const std::map<std::string, SeenThing>* networks = nullptr;
  const std::map<std::string, SeenThing>* volumes = nullptr;
  /// What was read back of the files that are copied in; null: the label tells.
  const std::vector<ArchivedFile>* copied_files = nullptr;
  /// Compose's hash of the service is the one that the container was made with.
  bool same_hash = false;
};

/// What differs, in words people know; empty when the container is as wanted. Secrets cannot be in
/// it: values are shown for images, ports, restart policies, mounts and networks alone.
std::vector<Difference> compare(const Container& wanted, const Json& inspect,
                                const Surroundings& around);

/// The same of two containers that are both asked for: what the image and the Engine would add is
/// left out of both. Mounts and networks have names of their project, and are no part of it.
std::vector<Difference> compare_records(const Container& before, const Container& after);

/// A container's fields before and after for one row of the table; an object is compared key by
/// key.
struct Side {
  const Json& config;  ///< of the create body, or inspect's `Config`
  const Json& host;    ///< `HostConfig`
  const Json& image;   ///< the image's configuration; null on the side that has it merged in
  bool record;         ///< this side is the wanted one: image and defaults are merged into it
  const Surroundings& around;
  const Side* there = nullptr;  ///< of the wanted side: the container's, for what the Engine chose
};

/// How one field is brought into the one spelling in which both sides are compared.
/// Nothing: on this side the field says nothing, and is not compared.
using Reading = std::optional<Json> (*)(const Side& side, std::string_view field);

struct Row {
  std::string_view field;  ///< in `Config`, or after a dot in `HostConfig`
  std::string_view word;   ///< what people call it
  Reading read;
  enum class Show { no, yes } show;  ///< whether before and after may be told
  std::string_view why;              ///< the rule behind the reading
};

/// The table, for tests that visit each row.
const std::vector<Row>& comparison_table();

}  // namespace reconciler::docker
