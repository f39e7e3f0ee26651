// From a tag to the commit that it names in the application's own repository.
#pragma once

#include <stop_token>
#include <string>

#include "reconciler/git/mirror.hpp"
#include "reconciler/model/tag.hpp"

namespace reconciler {

struct TagQuestion {
  std::string tag;
  TagDiscipline discipline = TagDiscipline::semver;
  Place place{};             ///< where the manifest asks for it
  std::string remembered{};  ///< the commit that it had when it was first used here; may be empty
};

/// semver, any: the tag of that name. commit: the commit that begins with it. build: the tag of
/// that name, else the commit that stands in it. `tag.not_found` (transient: it may be pushed yet),
/// `tag.moved`, `tag.ambiguous`. Starts no process for a tag that has a name in `source`, nor for a
/// commit that is remembered or was asked for before.
Result<std::string> resolve_tag(const TagQuestion& question, const Snapshot& source, Mirror& mirror,
                                Duration timeout, const std::stop_token& stop = {});

}  // namespace reconciler
