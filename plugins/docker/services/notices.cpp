#include "plugins/docker/services/notices.hpp"

#include <fmt/format.h>

#include <vector>

#include "plugins/docker/services/endpoints.hpp"
#include "plugins/docker/services/moves.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {

void tell_losses(const Place& place, Observation& into) {
  if (removes_itself(*place.current))
    into.notices.push_back(fmt::format(
        "{} removes itself when it is stopped: there is no way back to it", place.current->name));
  const Json& ports =
      member_or_null(member_or_null(place.wanted->config, "HostConfig"), "PortBindings");
  std::vector<std::string> free;
  if (ports.is_object())
    for (const auto& [port, bindings] : ports.get_object())
      if (bindings.is_array())
        for (const Json& binding : bindings.get_array())
          if (const auto host = text_at(binding, "HostPort"); host.empty() || host == "0")
            free.emplace_back(port);
  if (!free.empty())
    into.notices.push_back(
        fmt::format("{} is published at free ports of the host ({}): they "
                    "will be others",
                    place.wanted->service, join(free, ", ")));
}

void tell_of(const Place& place, const Look& look, Observation& into) {
  if (place.finished() && !place.wanted->job)
    into.notices.push_back(
        fmt::format("{} has ended with exit code 0, and its restart policy lets it: it stays so",
                    place.current->name));
  if (place.current)
    for (const auto& extra : extra_endpoints(*place.wanted, place.current->inspect, look.networks))
      into.notices.push_back(
          fmt::format("{} is on network {} too, which the compose files do not name: it stays",
                      place.current->name, extra.network));
}

}  // namespace reconciler::docker
