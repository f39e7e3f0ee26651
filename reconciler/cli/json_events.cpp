#include "reconciler/cli/json_events.hpp"

namespace reconciler::cli {

void JsonEvents::plan(const Plan& plan) {
  write("plan", {{"plan", to_json(plan)}});
}

void JsonEvents::ended(const Reconciled& done, int exit) {
  JsonObject more{{"exit", exit},
                  {"changed", done.changed},
                  {"declined", done.declined},
                  {"tag", done.plan.to},
                  {"took_ms", done.took.count()}};
  if (!done.changed) more["plan"] = to_json(done.plan);
  write("ended", std::move(more));
}

void JsonEvents::started(const Action& action) {
  write("started", about(action));
}

void JsonEvents::line(const Action& action, std::string_view text) {
  auto more = about(action);
  more["text"] = text;
  write("line", std::move(more));
}

void JsonEvents::finished(const Action& action, Duration took, std::string_view detail) {
  auto more = about(action);
  more["took_ms"] = took.count();
  more["detail"] = detail;
  write("finished", std::move(more));
}

void JsonEvents::failed(const Action& action, Duration took, std::string_view detail,
                        const std::vector<std::string>& last_lines) {
  auto more = about(action);
  more["took_ms"] = took.count();
  more["detail"] = detail;
  more["lines"] = to_json(last_lines);
  write("failed", std::move(more));
}

void JsonEvents::going_back(const Plan& back) {
  write("going_back", {{"to", back.to}, {"plan", to_json(back)}});
}

JsonObject JsonEvents::about(const Action& action) const {
  return {{"key", action.key},
          {"phase", to_text(action.work.phase)},
          {"kind", action.work.verb},
          {"title", action.title}};
}

void JsonEvents::write(std::string_view event, JsonObject more) {
  JsonObject all{{"event", event}, {"environment", environment_}};
  for (auto& [name, value] : more) all[name] = std::move(value);
  const std::string text = boost::json::serialize(all) + "\n";
  const std::lock_guard lock(mutex_);
  out_ << text << std::flush;
}

}  // namespace reconciler::cli
