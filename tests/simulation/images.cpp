// Images of the simulated Engine: by which names they go, and when the last of those may be taken.
#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/answers.hpp"
#include "tests/simulation/engine.hpp"

namespace reconciler::simulation {
using docker::Answer;

std::string SimulatedEngine::add_image(const std::string& reference, Json config) {
  for (auto& other : images) std::erase(other.tags, reference);
  images.push_back({"sha256:" + fresh_id(), {reference}, std::move(config)});
  return images.back().id;
}

Answer SimulatedEngine::remove_image(const std::string& reference) {
  const auto found = std::ranges::find_if(images, [&](const SimulatedImage& one) {
    return std::ranges::find(one.tags, reference) != one.tags.end();
  });
  if (found == images.end()) return refused(404, "No such image");
  const bool last = found->tags.size() == 1;
  for (const auto& [id, container] : containers)
    if (last && container.image_id == found->id)
      return refused(409, fmt::format("conflict: unable to remove repository reference \"{}\" "
                                      "(must force) - container {} is using it",
                                      reference, id.substr(0, 12)));
  std::erase(found->tags, reference);
  if (last) images.erase(found);
  return {200, JsonArray{}, ""};
}

}  // namespace reconciler::simulation
