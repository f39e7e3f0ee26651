#include "plugins/probe/url.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler::probe {
namespace {

constexpr size_t longest = 2048;

bool is_plain(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != '\x7f';
}

}  // namespace

Status check_url(std::string_view url, std::string_view shown) {
  const auto deny = [&](std::string_view rule, std::string hint) {
    return failure(error("health.url_denied", fmt::format("\"{}\" {}", printable(shown, 200), rule))
                       .next(std::move(hint)));
  };
  if (url.size() > longest)
    return deny(fmt::format("is longer than {} characters", longest), "ask a shorter URL");
  std::string_view rest = url;
  if (rest.starts_with("https://"))
    rest.remove_prefix(8);
  else if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else
    return deny("is neither http:// nor https://", "ask http:// or https:// of a service");
  if (!std::all_of(url.begin(), url.end(), is_plain))
    return deny("holds white space or a control character", "write %20 for a space");
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos)
    return deny("holds a user or a password", "credentials do not belong in a URL");
  if (authority.empty() || authority.front() == ':')
    return deny("names no host", "write http://HOST/PATH");
  return {};
}

}  // namespace reconciler::probe
