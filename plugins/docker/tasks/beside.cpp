#include "plugins/docker/tasks/beside.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration call_time = std::chrono::seconds(60);

std::string name_of(const Json& listed) {
  const auto names = texts_at(listed, "Names");
  if (names.empty()) return text_at(listed, "Id").substr(0, 12);
  return names.front().starts_with('/') ? names.front().substr(1) : names.front();
}

}  // namespace

Status nobody_runs(Context& context, const CompiledModel& model, const std::string& service) {
  // Of whichever attempt and installation, or of Compose: what it does, it does to the same data.
  const JsonObject filter{
      {"label", JsonArray{Json(fmt::format("{}={}", label::project, model.project)),
                          Json(fmt::format("{}={}", label::service, service)),
                          Json(fmt::format("{}=True", label::oneoff))}}};
  auto list = context.engine.get("/containers/json?filters=" + url_encode(canonical(filter)),
                                 context.within(call_time));
  if (!list) return failed(list);
  if (!list->is_array() || list->as_array().empty()) return {};
  const std::string name = printable(name_of(list->as_array()[0]), 100);
  return failure(error("release.running",
                       fmt::format("{} of project {} runs already, in container {}, which this "
                                   "attempt did not start: two at a time would do the same twice",
                                   service, model.project, name))
                     .with("watch", "docker logs -f " + name)
                     .with("end", "docker kill " + name)
                     .next("the same again once it has ended; look what it did before that")
                     .passing());
}

}  // namespace reconciler::docker
