#include "reconciler/model/shared.hpp"

#include <fmt/format.h>

namespace reconciler {
namespace {

/// `registry:5000/portfolio-backend` of `registry:5000/portfolio-backend:v1.2.3`.
std::string without_tag(const std::string& reference) {
  const auto slash = reference.rfind('/');
  const auto colon = reference.rfind(':');
  const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  return has_tag ? reference.substr(0, colon) : reference;
}

}  // namespace

Error image_shared(const EnvironmentId& id, const ResourceId& artifact,
                   const EnvironmentId& other) {
  return error(
             "image.shared",
             fmt::format("{} wants {} built from other inputs than {}, which counts on it, and on "
                         "one host a name stands for one image",
                         id.text(), artifact.name, other.text()))
      .next(
          fmt::format("name them apart in the compose file, `image: {}-${{ENVIRONMENT}}:${{TAG}}`, "
                      "or give one of the two another tag; or, where {} is not to be any more: "
                      "reconciler remove {}",
                      without_tag(artifact.name), other.text(), other.text()));
}

}  // namespace reconciler
