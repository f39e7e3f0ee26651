// The tag: the version wanted. Always text, as it was written.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler {

/// How tags of an application are formed.
enum class TagDiscipline {
  semver,  ///< v1.2.3, with or without the v, with a pre-release part
  commit,  ///< 7 to 40 hexadecimal digits of a commit of the source
  build,   ///< vCOMMIT-YYYYMMDD-HHMMSS
  any,     ///< whatever Docker takes as a tag
};

/// The word in the manifest, and back. `manifest.type` for another word.
std::string_view to_text(TagDiscipline discipline);

/// What Docker takes as a tag: `tag.empty`, `tag.too_long` (128), `tag.invalid`,
/// `tag.mutable_forbidden` (`latest`).
Status check_tag(std::string_view tag);
/// check_tag, and that it is formed as the discipline says (`tag.discipline`).
Status check_tag(std::string_view tag, TagDiscipline discipline);

}  // namespace reconciler
