// The platforms that images are for, as the Engine spells them.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/base/json.hpp"

namespace reconciler::docker {

/// Of an image's inspect: `linux/arm/v7`; empty where one name stands for several images
/// (containerd's store), and where it does not say.
std::string platform_of(const Json& image);

/// Does an image that is `there` serve where `wanted` was written: `linux`, `arm64`,
/// `linux/x86_64`, `linux/arm/v7`? An older variant of a processor does for a newer one.
bool same_platform(std::string_view wanted, std::string_view there);

}  // namespace reconciler::docker
