// Which version runs: what state files, images and git say of it.
#pragma once

#include "plugins/docker/discover/checkout.hpp"
#include "plugins/docker/discover/reading.hpp"
#include "plugins/docker/discover/running.hpp"
#include "reconciler/driver/discover.hpp"

namespace reconciler::docker {

/// Fills tag, tag_why, tag_doubtful, tag_variables and the checkout's discipline.
void find_tag(const Reading& reading, const RunningProject* running, const Checkout& checkout,
              Discovered& into);

/// The variable that an image's tag is: `VERSION` of `app:${VERSION}`; empty where it is none.
std::string variable_of_tag(const std::string& image);

}  // namespace reconciler::docker
