// What may be asked: http and https, of a host that is named, without a user in it.
#pragma once

#include <string_view>

#include "reconciler/base/result.hpp"

namespace reconciler::probe {

/// `health.url_denied`. `url` is the text with its variables filled in, `shown` is as the manifest
/// writes it: only that stands in the message. (Where the name leads to is the helper's to judge.)
Status check_url(std::string_view url, std::string_view shown);

}  // namespace reconciler::probe
