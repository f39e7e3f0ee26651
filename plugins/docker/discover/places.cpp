#include "plugins/docker/discover/places.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr const char* engine_sockets[] = {"/var/run/docker.sock", "/run/docker.sock"};

class Finder {
 public:
  Finder(const std::string& folder, const Checkout& checkout, Discovered& into)
      : folder_(folder), checkout_(checkout), into_(into) {}

  void service(const std::string& name, const Json& value) {
    const Json& volumes = member_or_null(value, "volumes");
    if (volumes.is_array())
      for (const Json& mount : volumes.get_array())
        if (text_at(mount, "type") == "bind") bind(name, mount);
    if (truth_at(value, "privileged")) asks_["privileged"].insert(name);
    if (text_at(value, "network_mode") == "host") asks_["host_network"].insert(name);
  }

  void files(const char* what, const Json& all) {
    if (!all.is_object()) return;
    for (const auto& [name, value] : all.get_object())
      if (const auto file = text_at(value, "file"); !file.empty())
        place(clean_path(file), std::string(what) + " " + std::string(name), false);
  }

  void external(const Json& all) {
    if (!all.is_object()) return;
    for (const auto& [key, value] : all.get_object())
      if (truth_at(value, "external")) {
        const auto name = text_at(value, "name");
        into_.external.push_back(name.empty() ? std::string(key) : name);
      }
  }

  void finish() {
    for (const auto& [real, users] : mounted_)
      into_.not_in_git.push_back({real.substr(folder_.size() + 1), real, join(users, ", ")});
    for (const auto& [real, users] : from_git_)
      into_.in_git.push_back({real.substr(folder_.size() + 1), real, join(users, ", ")});
    into_.binds.assign(binds_.begin(), binds_.end());
    for (const auto& [key, services] : asks_)
      into_.asks.emplace_back(key, std::vector<std::string>(services.begin(), services.end()));
  }

 private:
  void bind(const std::string& service, const Json& mount) {
    const auto source = clean_path(text_at(mount, "source"));
    if (std::ranges::find(engine_sockets, source) != std::end(engine_sockets)) {
      asks_["docker_socket"].insert(service);
      return;
    }
    if (!lies_under(source, folder_) || source == folder_) {
      const bool clock = source == "/etc/localtime" || source == "/etc/timezone";
      if (source != folder_ && !(clock && truth_at(mount, "read_only"))) binds_.insert(source);
      return;
    }
    place(source, "mounted by " + service, !truth_at(mount, "read_only"));
  }

  /// In git it comes from there; but what a service writes to may hold more than git has.
  void place(const std::string& real, const std::string& why, bool writes) {
    if (!lies_under(real, folder_)) return;
    const bool ours = checkout_.tracks(real) && !(writes && checkout_.lacks(real));
    auto& users = (ours ? from_git_ : mounted_)[real];
    // `mounted by web, worker`
    const auto last = why.rfind(' ');
    users.push_back(users.empty() ? why : why.substr(last + 1));
  }

  const std::string& folder_;
  const Checkout& checkout_;
  Discovered& into_;
  std::map<std::string, std::vector<std::string>> mounted_;  // not in git: by path, by whom
  std::map<std::string, std::vector<std::string>> from_git_;
  std::set<std::string> binds_;
  std::map<std::string, std::set<std::string>> asks_;
};

}  // namespace

void find_places(const Json& model, const std::string& folder, const Checkout& checkout,
                 Discovered& into) {
  Finder finder(folder, checkout, into);
  const Json& services = member_or_null(model, "services");
  if (services.is_object())
    for (const auto& [name, value] : services.get_object())
      finder.service(std::string(name), value);
  finder.files("of the secret", member_or_null(model, "secrets"));
  finder.files("of the config", member_or_null(model, "configs"));
  finder.external(member_or_null(model, "networks"));
  finder.external(member_or_null(model, "volumes"));
  finder.finish();
}

}  // namespace reconciler::docker
