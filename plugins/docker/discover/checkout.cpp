#include "plugins/docker/discover/checkout.hpp"

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration git_time = std::chrono::seconds(20);

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (const auto& line : split(text, '\n'))
    if (!trim(line).empty()) all.emplace_back(trim(line));
  return all;
}

/// A URL may carry a password, which is nobody's to be shown.
std::string without_password(const std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.find('@');
  if (scheme == std::string::npos || at == std::string::npos || url.find('/', scheme + 3) < at)
    return url;
  return url.substr(0, scheme + 3) + url.substr(at + 1);
}

}  // namespace

std::string Checkout::ask(std::vector<std::string> arguments) const {
  Command command;
  // The folder may be a user's own, and root looks at it.
  command.argv = {"/usr/bin/git",
                  "-c",
                  "safe.directory=*",
                  "-c",
                  "core.fsmonitor=false",
                  "-c",
                  "core.hooksPath=/dev/null",
                  "-C",
                  folder_};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}, {"GIT_OPTIONAL_LOCKS", "0"}};
  command.timeout = git_time;
  const auto done = run_process(command);
  return done && done->exit_code == 0 ? std::string(trim(done->out)) : "";
}

Checkout Checkout::around(const std::string& folder) {
  Checkout found;
  found.folder_ = folder;
  found.top_ = found.ask({"rev-parse", "--show-toplevel"});
  if (found.top_.empty()) return found;
  found.origin_ = without_password(found.ask({"config", "--get", "remote.origin.url"}));
  found.head_ = found.ask({"rev-parse", "--verify", "-q", "HEAD"});
  if (!found.head_.empty()) found.tags_ = lines(found.ask({"tag", "--points-at", "HEAD"}));
  return found;
}

bool Checkout::has_tag(const std::string& tag) const {
  return !top_.empty() && !tag.starts_with('-') &&
         !ask({"rev-parse", "--verify", "-q", "refs/tags/" + tag + "^{commit}"}).empty();
}

bool Checkout::tracks(const std::string& path) const {
  return !top_.empty() && lies_under(path, top_) && !ask({"ls-files", "--", path}).empty();
}

bool Checkout::lacks(const std::string& path) const {
  return !top_.empty() &&
         !ask({"ls-files", "--others", "--directory", "--no-empty-directory", "--", path}).empty();
}

}  // namespace reconciler::docker
