#include "reconciler/base/helper.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

std::string find_helper() {
  const std::string own = own_folder();
  for (const auto& folder :
       {own, own + "/../libexec/reconciler", std::string("/usr/libexec/reconciler")}) {
    std::string path = folder + "/reconciler-helper";
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

}  // namespace

Result<Json> HelperProcess::call(const std::string& verb, const Json& request, Duration timeout,
                                 std::stop_token stop) {
  const std::string path = find_helper();
  if (path.empty())
    return failure(
        error("helper.missing",
              "reconciler-helper is neither beside reconciler nor in its libexec/reconciler")
            .next("install it there; what is here already: reconciler plan --no-fetch"));
  Command command;
  command.argv = {path, verb};
  command.input = boost::json::serialize(request);
  command.timeout = timeout;
  command.most_output = 64U << 20U;
  command.environment = {
      {"PATH", "/usr/bin:/bin"}, {"HOME", "/nonexistent"}, {"LC_ALL", "C.UTF-8"}};
  auto finished = run_process(command, stop);
  if (!finished) {
    if (finished.error().code == "process.timeout")
      return failure(error("helper.timeout",
                           fmt::format("{} was not done within {}", verb, for_people(timeout)))
                         .passing());
    return failed(finished);
  }
  auto answer = parse_json(finished->out);
  if (!answer)
    return failure(
        error("helper.protocol", fmt::format("reconciler-helper {} ended with {} and no answer",
                                             verb, finished->exit_code))
            .with("said", printable(trim(finished->err), 300))
            .passing());
  if (const auto* e = member(*answer, "error")) return failure(error_from_json(*e));
  if (const auto* result = member(*answer, "result")) return *result;
  return failure(error("helper.protocol",
                       fmt::format("reconciler-helper {} gave neither result nor error", verb)));
}

Json to_json(const Error& e) {
  JsonObject out{{"code", e.code}, {"message", e.message}};
  if (!e.place.file.empty())
    out["place"] = JsonObject{{"file", e.place.file},
                              {"line", e.place.line},
                              {"column", e.place.column},
                              {"width", e.place.width},
                              {"source", e.place.source}};
  if (!e.facts.empty()) {
    JsonArray facts;
    for (const auto& fact : e.facts)
      facts.push_back(JsonObject{{"label", fact.label}, {"text", fact.text}});
    out["facts"] = std::move(facts);
  }
  if (!e.hint.empty()) out["hint"] = e.hint;
  if (e.lasting == Lasting::transient) out["transient"] = true;
  if (!e.others.empty()) {
    JsonArray others;
    for (const auto& other : e.others) others.push_back(to_json(other));
    out["others"] = std::move(others);
  }
  return out;
}

Error error_from_json(const Json& value) {
  Error e = error(text_at(value, "code", "protocol.invalid"), text_at(value, "message"));
  e.hint = text_at(value, "hint");
  if (truth_at(value, "transient")) e.lasting = Lasting::transient;
  if (const auto* place = member(value, "place")) {
    e.place.file = text_at(*place, "file");
    e.place.line = static_cast<int>(number_at(*place, "line"));
    e.place.column = static_cast<int>(number_at(*place, "column"));
    e.place.width = static_cast<int>(number_at(*place, "width", 1));
    e.place.source = text_at(*place, "source");
  }
  if (const auto* facts = member(value, "facts"); facts && facts->is_array())
    for (const auto& fact : facts->get_array())
      e.facts.push_back({text_at(fact, "label"), text_at(fact, "text")});
  if (const auto* others = member(value, "others"); others && others->is_array())
    for (const auto& other : others->get_array()) e.others.push_back(error_from_json(other));
  return e;
}

}  // namespace reconciler
