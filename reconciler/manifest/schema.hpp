// The one table of every key that a manifest and a host file may have. The checks, the JSON Schema
// and the hints in messages all come from it, so that they cannot disagree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/json.hpp"

namespace reconciler {

struct Shape;

struct Key {
  enum class State { now, not_yet };
  std::string name;
  const Shape* shape;
  std::string fallback;  ///< what holds when left out, as one would write it; in ( ): in words
  std::string sentence;  ///< what it is for
  State state = State::now;
  bool stays = false;  ///< an environment cannot take it away with null
};

/// What a value may look like: one of up to three forms, told apart by scalar, list or map.
struct Shape {
  enum class Scalar { none, text, integer, truth, duration, word };

  std::string wanted;  ///< how a message calls it: `a duration such as 30s`
  Scalar scalar = Scalar::none;
  std::vector<std::string> words{};        ///< for Scalar::word; beside numbers for Scalar::integer
  std::vector<std::string> later_words{};  ///< of these, the ones that are not done yet
  std::int64_t least = 0;
  std::int64_t most = 0;
  const Shape* items = nullptr;   ///< the list form: what stands in it
  std::vector<Key> keys{};        ///< the map form with these keys alone, or
  const Shape* values = nullptr;  ///< with names of the writer's own
  std::string noun{};  ///< `a step`: names the map in messages; its keys are then named alone
};

/// Tables for the three kinds of file. They live as long as the program.
const Shape& manifest_shape();     ///< reconciler.yaml
const Shape& environment_shape();  ///< environments/NAME.yaml, and what stands under `environments`
const Shape& host_shape();         ///< /etc/reconciler/host.yaml

/// JSON Schema, draft 2020-12: what `reconciler schema` prints.
Json manifest_schema();
Json host_schema();
/// The same as text with two spaces of indentation, as it is kept under manifests/.
std::string schema_text(const Json& schema);

}  // namespace reconciler
