#include "plugins/docker/tasks/incarnation.hpp"

#include <sys/stat.h>

#include "plugins/docker/services/names.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

std::string socket_identity(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "none";
  return std::to_string(info.st_ino) + "." + std::to_string(info.st_ctim.tv_sec) + "." +
         std::to_string(info.st_ctim.tv_nsec);
}

}  // namespace

Result<std::string> incarnation(Context& context, Deadline deadline) {
  const auto boot = read_file("/proc/sys/kernel/random/boot_id", 4096);
  if (!boot) return failure(boot.error());
  context.engine.forget_connections();
  auto bridge = context.engine.get("/networks/bridge", deadline);
  if (!bridge && bridge.error().code != "docker.not_found") return failed(bridge);
  const auto daemon =
      bridge ? text_at(*bridge, "Id").substr(0, 16) : socket_identity(context.paths.socket);
  return std::string(trim(*boot)) + "/" + daemon;
}

Result<bool> is_of_this_incarnation(Context& context, const Json& inspect, Deadline deadline) {
  auto now = incarnation(context, deadline);
  if (!now) return failed(now);
  const Json& labels = member_or_null(member_or_null(inspect, "Config"), "Labels");
  return text_at(labels, label::boot) == *now;
}

}  // namespace reconciler::docker
