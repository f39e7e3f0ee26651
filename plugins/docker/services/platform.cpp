#include "plugins/docker/services/platform.hpp"

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

std::string usual_name(const std::string& architecture) {
  if (architecture == "x86_64" || architecture == "x86-64") return "amd64";
  if (architecture == "aarch64") return "arm64";
  return architecture;
}

}  // namespace

std::string platform_of(const Json& image) {
  const auto architecture = text_at(image, "Architecture");
  if (member(image, "Descriptor") || architecture.empty()) return "";
  const auto variant = text_at(image, "Variant");
  return text_at(image, "Os") + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

bool same_platform(std::string_view wanted, std::string_view there) {
  const auto parts = split(wanted, '/');
  const auto own = split(there, '/');
  if (own.size() < 2) return true;
  if (parts.size() == 1) return parts[0] == own[0] || usual_name(parts[0]) == own[1];
  if (parts[0] != own[0] || usual_name(parts[1]) != own[1]) return false;
  return parts.size() < 3 || own.size() < 3 || own[2] <= parts[2];
}

}  // namespace reconciler::docker
