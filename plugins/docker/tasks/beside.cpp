#include "plugins/docker/tasks/beside.hpp"

#include <fmt/format.h>

#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

std::string name_of(const Json& listed) {
  const auto names = texts_at(listed, "Names");
  if (names.empty()) return text_at(listed, "Id").substr(0, 12);
  return names.front().starts_with('/') ? names.front().substr(1) : names.front();
}

struct Runs {
  std::string task;               ///< empty: not one of ours
  std::vector<std::string> argv;  ///< entrypoint and command, as the Engine resolved them
};

Result<Runs> command_of(Context& context, const std::string& id) {
  auto inspect = context.engine.get("/containers/" + id + "/json", context.within(call_time));
  if (!inspect) return failed(inspect);
  const Json& config = member_or_null(*inspect, "Config");
  Runs runs{text_at(member_or_null(config, "Labels"), label::task), texts_at(config, "Entrypoint")};
  for (auto& word : texts_at(config, "Cmd")) runs.argv.push_back(std::move(word));
  return runs;
}

}  // namespace

Status nobody_runs(Context& context, const ToStart& task) {
  // Of whichever attempt and installation, or of Compose: what it does, it does to the same data.
  JsonArray labels{Json(fmt::format("{}={}", label::project, task.project)),
                   Json(fmt::format("{}={}", label::service, task.service))};
  if (!task.only_task) labels.emplace_back(fmt::format("{}=True", label::oneoff));
  const JsonObject filter{{"label", std::move(labels)}};
  auto list = context.engine.get("/containers/json?filters=" + url_encode(canonical(filter)),
                                 context.within(call_time));
  if (!list) return failed(list);
  if (!list->is_array() || list->as_array().empty()) return {};
  auto ours = command_of(context, task.container);
  if (!ours) return failed(ours);
  for (const auto& listed : list->as_array()) {
    const std::string id = text_at(listed, "Id");
    if (id == task.container) continue;
    auto theirs = command_of(context, id);
    if (!theirs && theirs.error().code == "docker.not_found") continue;
    if (!theirs) return failed(theirs);
    const bool same = theirs->task.empty() ? theirs->argv == ours->argv : theirs->task == task.task;
    if (!same) continue;
    const std::string name = printable(name_of(listed), 100);
    return failure(
        error("release.running",
              fmt::format("{} of project {} runs already, in container {}, which this attempt did "
                          "not start: two at a time would do the same twice",
                          task.task, task.project, name))
            .with("watch", "docker logs -f " + name)
            .with("end", "docker kill " + name)
            .next("the same again once it has ended; look what it did before that")
            .passing());
  }
  return {};
}

}  // namespace reconciler::docker
