#include "reconciler/helper/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "reconciler/base/text.hpp"

namespace reconciler::helper {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool only(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return digits.find(c) != digits.npos || letters.find(c) != letters.npos ||
           more.find(c) != more.npos;
  });
}

// Whatever stands before the last @ may be a secret, wherever a URL that is wrong puts it.
std::string shown(std::string_view text) {
  const auto scheme = text.find("://");
  const size_t begin = scheme == text.npos ? 0 : scheme + 3;
  const auto at = text.rfind('@');
  if (text.starts_with('/') || at == text.npos || at < begin ||
      text.substr(begin, at - begin) == "git")
    return printable(text, 200);
  return printable(fmt::format("{}***{}", text.substr(0, begin), text.substr(at)), 200);
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view rule) {
  return failure(error("git.url_invalid", fmt::format("\"{}\" {}", shown(text), rule))
                     .next("write https://HOST/PATH, git@HOST:PATH, ssh://git@HOST/PATH or an "
                           "absolute path"));
}

bool host_is_sound(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '-' || host.front() == '.') return false;
  return only(host, ".-_") || (host.find(':') != host.npos && only(host, ":."));
}

// HOST, HOST:PORT, [V6], [V6]:PORT
bool split_host(std::string_view text, Url& url) {
  std::string_view port;
  std::string_view host = text;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return false;
    host = text.substr(1, end - 1);
    if (host.find(':') == host.npos) return false;
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else if (const auto colon = text.find(':'); colon != text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!host_is_sound(host)) return false;
  url.host = std::string(host);
  std::transform(url.host.begin(), url.host.end(), url.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (port.empty()) return true;
  port.remove_prefix(1);
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  return ec == std::errc() && end == port.data() + port.size() && url.port > 0 && url.port < 65536;
}

bool path_is_sound(std::string_view path) {
  return !path.empty() && path.front() != '-' && path.find("/-") == path.npos &&
         only(path, "._~/+%@:,=-");
}

Result<Url> parse_local(std::string_view text) {
  Url url;
  url.path = std::string(text);
  if (text.find("::") != text.npos)
    return refuse(text, "holds \"::\", which asks git for a helper");
  return url;
}

Result<Url> parse_scp(std::string_view text) {
  const auto at = text.find('@');
  const bool bracketed = at != text.npos && text.substr(at + 1).starts_with('[');
  const auto colon = text.find(':', bracketed ? std::min(text.find(']', at), text.size()) : 0);
  if (at == text.npos || colon == text.npos || at > colon || at == 0)
    return refuse(text, "names no repository in a form that is fetched from");
  Url url;
  url.kind = Url::Kind::ssh;
  url.user = std::string(text.substr(0, at));
  if (!only(url.user, "._-") || url.user.front() == '-')
    return refuse(text, "has a user that is not letters, digits, \".\", \"_\" and \"-\"");
  if (!split_host(text.substr(at + 1, colon - at - 1), url))
    return refuse(text, "has no valid host name");
  url.path = std::string(text.substr(colon + 1));
  if (!path_is_sound(url.path))
    return refuse(text, "has a path with characters that are not taken");
  url.port = 22;
  return url;
}

Result<Url> parse_with_scheme(std::string_view text, std::string_view scheme) {
  Url url;
  if (scheme == "https")
    url.kind = Url::Kind::https;
  else if (scheme == "http")
    url.kind = Url::Kind::http;
  else if (scheme == "ssh")
    url.kind = Url::Kind::ssh;
  else if (scheme == "file")
    return refuse(text, "is a file:// URL: write the absolute path alone");
  else
    return refuse(text, "has a scheme that is not https or ssh");

  std::string_view rest = text.substr(scheme.size() + 3);
  const auto slash = rest.find('/');
  if (slash == rest.npos) return refuse(text, "names a host and no repository on it");
  std::string_view host = rest.substr(0, slash);
  url.path = std::string(rest.substr(slash));
  if (const auto at = host.rfind('@'); at != host.npos) {
    url.user = std::string(host.substr(0, at));
    host.remove_prefix(at + 1);
    if (url.kind != Url::Kind::ssh)
      return refuse(text, "holds a user or a password: credentials do not belong in a URL");
    if (url.user.find(':') != url.user.npos)
      return refuse(text, "holds a password: credentials do not belong in a URL");
    if (url.user.empty() || !only(url.user, "._-") || url.user.front() == '-')
      return refuse(text, "has a user that is not letters, digits, \".\", \"_\" and \"-\"");
  } else if (url.kind == Url::Kind::ssh) {
    return refuse(text, "names no user: write ssh://git@HOST/PATH");
  }
  if (!split_host(host, url)) return refuse(text, "has no valid host name or port");
  if (url.path == "/" || !path_is_sound(url.path))
    return refuse(text, "has a path with characters that are not taken");
  if (url.kind == Url::Kind::http && url.host != "127.0.0.1" && url.host != "localhost" &&
      url.host != "::1")
    return refuse(text, "is plain http, which anyone on the way can change: use https");
  if (url.kind == Url::Kind::ssh && url.port == 0) url.port = 22;
  return url;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (text.empty()) return refuse(text, "is empty");
  if (text.size() > 2048) return refuse(text, "is longer than 2048 characters");
  if (std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
      }))
    return refuse(text, "holds a control character");
  if (text.front() == '-') return refuse(text, "begins with \"-\", which git takes for an option");
  if (text.front() == '/') return parse_local(text);
  const auto scheme = text.find("://");
  if (const auto helper = text.find("::"); helper < scheme && text.find('[') > helper)
    return refuse(text, "holds \"::\", which asks git for a helper");
  if (scheme != text.npos) return parse_with_scheme(text, text.substr(0, scheme));
  return parse_scp(text);
}

Status check_branch(std::string_view name) {
  const auto refuse_name = [&](std::string_view rule) {
    return failure(
        error("git.ref_invalid", fmt::format("branch \"{}\" {}", printable(name, 80), rule))
            .next("write a branch's name, such as main or release/1.x"));
  };
  if (name.empty() || name.size() > 200) return refuse_name("is not 1 to 200 characters long");
  if (name.front() == '-') return refuse_name("begins with \"-\", which git takes for an option");
  if (!only(name, "._/@#+=-")) return refuse_name("is not letters, digits and \"._/@#+=-\" alone");
  if (name.find("..") != name.npos) return refuse_name("holds \"..\"");
  if (name == "@" || name.front() == '/' || name.back() == '/' || name.back() == '.' ||
      name.find("//") != name.npos)
    return refuse_name("is not a name that git takes");
  for (const auto& part : split(name, '/'))
    if (part.starts_with('.') || part.ends_with(".lock"))
      return refuse_name("is not a name that git takes");
  return {};
}

}  // namespace reconciler::helper
