#include <sys/stat.h>
#include <unistd.h>

#include "plugins/docker/compose/compiler.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {

Result<std::string> find_compose(const std::string& home) {
  std::vector<std::string> folders;
  if (!home.empty()) folders.push_back(home + "/.docker/cli-plugins");
  for (const char* root : {"/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec"})
    folders.push_back(std::string(root) + "/docker/cli-plugins");
  // Version 1 was never a plugin of the docker command, so what lies here is 2 or later; asking it
  // would cost a process at each look.
  for (const auto& folder : folders) {
    const std::string path = folder + "/docker-compose";
    struct stat s {};
    if (::stat(path.c_str(), &s) == 0 && S_ISREG(s.st_mode) && ::access(path.c_str(), X_OK) == 0)
      return path;
  }
  return failure(
      error("compose.missing", "there is no Docker Compose of version 2 or later on this host")
          .with("looked in", join(folders, ", "))
          .next("install the package docker-compose-plugin (Docker's repository) or "
                "docker-compose-v2; docker-compose 1.x does not do"));
}

}  // namespace reconciler::docker
