#include "plugins/probe/driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "plugins/probe/url.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/expand.hpp"
#include "reconciler/base/expression.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/driver/wire.hpp"

namespace reconciler::probe {
namespace {

using namespace std::chrono_literals;

constexpr Duration usual_timeout = 5s;
constexpr Duration for_the_helper = 2s;  // to start and to end, beside the question itself
constexpr std::int64_t most_body = 64 << 10;

/// With the nearest name, which base/expand cannot know.
Error with_nearest(Error e, const Variables& variables) {
  std::vector<std::string> names;
  for (const auto& [name, variable] : variables) names.push_back(name);
  const auto amend = [&](Error& one) {
    if (one.code != "variables.unknown") return;
    const auto quoted = split(one.message, '"');
    if (quoted.size() < 2) return;
    if (const auto near = nearest(quoted[1], names))
      one.hint = fmt::format("did you mean \"{}\"?", *near);
  };
  amend(e);
  for (auto& other : e.others) amend(other);
  return e;
}

/// For people: filled in with what is no secret, the rest as the manifest writes it.
std::string shown(const std::string& text, const Variables& variables) {
  const auto names = placeholders(text);
  if (!names) return text;
  std::map<std::string, Secret, std::less<>> values;
  for (const auto& name : *names) {
    const auto known = variables.find(name);
    const bool tells = known != variables.end() && !known->second.secret;
    values.emplace(name, tells ? known->second.value : Secret(fmt::format("${{{}}}", name)));
  }
  const auto filled = fill(text, [&](std::string_view name) { return &values.find(name)->second; });
  return filled ? filled->reveal() : text;
}

/// One list of steps of the manifest.
class StepReader {
 public:
  StepReader(const Variables& variables, Prepared& prepared, std::vector<Error>& mistakes)
      : variables_(variables), prepared_(prepared), mistakes_(mistakes) {}

  void read(const Json* list, const std::string& pointer, Phase phase) {
    if (!list || !list->is_array()) return;
    for (size_t i = 0; i < list->get_array().size(); ++i) {
      const Json& step = list->get_array()[i];
      if (member(step, "http")) one(step, fmt::format("{}/{}", pointer, i), phase);
    }
  }

 private:
  void one(const Json& from, const std::string& pointer, Phase phase) {
    const std::string url = text_at(from, "http");
    if (auto filled = fill_at(url, pointer + "/http"))
      if (auto good = check_url(filled->reveal(), url); !good)
        note(std::move(good.error()), pointer + "/http");
    if (member(from, "contains")) fill_at(text_at(from, "contains"), pointer + "/contains");
    if (const auto forbid = text_at(from, "forbid"); !forbid.empty())
      if (auto compiled = Expression::compile(forbid); !compiled)
        note(std::move(compiled.error()), pointer + "/forbid");

    JsonObject input{{"url", url}};
    for (const auto* key : {"status", "contains", "forbid", "timeout_ms"})
      if (const Json* value = member(from, key)) input[key] = *value;
    Step step;
    step.name = text_at(from, "name", url);
    step.shown = shown(url, variables_);
    step.once = text_at(from, "once") == "switch" ? Once::change : Once::never;
    step.warn = truth_at(from, "warn");
    const bool after = phase == Phase::release && text_at(from, "when") == "after";
    step.work.phase = after ? Phase::after : phase;
    step.work.verb = phase == Phase::release ? "release" : to_text(phase);
    step.work.targets = {{"probe", "http", step.name}};
    step.work.input = std::move(input);
    prepared_.steps.push_back(std::move(step));
  }

  std::optional<Secret> fill_at(const std::string& text, const std::string& pointer) {
    auto filled = fill(text, lookup_in(variables_));
    if (filled) return std::move(*filled);
    for (auto& mistake : flatten(with_nearest(std::move(filled.error()), variables_)))
      note(std::move(mistake), pointer);
    return std::nullopt;
  }
  void note(Error e, const std::string& pointer) {
    Place place;
    place.file = pointer;
    mistakes_.push_back(std::move(e).at(std::move(place)));
  }

  const Variables& variables_;
  Prepared& prepared_;
  std::vector<Error>& mistakes_;
};

Outcome failed_with(std::string detail, std::int64_t status = 0) {
  JsonObject evidence{{"detail", std::move(detail)}};
  if (status != 0) evidence["status"] = status;
  return {Fate::failed, std::move(evidence)};
}

bool holds_secret(std::string_view url, const Variables& variables) {
  const auto names = placeholders(url);
  if (!names) return true;
  return std::any_of(names->begin(), names->end(), [&](const std::string& name) {
    const auto found = variables.find(name);
    return found != variables.end() && found->second.secret;
  });
}

/// Why nothing answers. The cause names the host; where that came from a secret source, what kind
/// of cause it is has to do.
std::string why_silent(const Error& e, bool secret, Duration timeout) {
  std::string cause;
  for (const auto& fact : e.facts)
    if (fact.label == "cause") cause = fact.text;
  if (e.code == "helper.timeout" || cause.find("timed out") != std::string::npos)
    return fmt::format("no answer within {}", for_people(timeout));
  if (!secret && !cause.empty()) return "no answer: " + cause;
  if (cause.find("resolve") != std::string::npos) return "no answer: its name does not resolve";
  if (cause.find("onnect") != std::string::npos) return "no answer: the connection is refused";
  if (cause.find("SSL") != std::string::npos || cause.find("certificate") != std::string::npos)
    return "no answer: TLS fails";
  return "no answer";
}

/// The helper's message may show the address; ours shows what the manifest says.
Error as_written(Error e, const std::string& url) {
  if (e.code == "health.url_denied") {
    e.message = fmt::format("\"{}\" leads to an address that is never asked", printable(url, 200));
    e.facts.clear();
  }
  return e;
}

/// The first line of an answer that is forbidden; empty where none is.
std::string forbidden(const std::string& body, const std::string& expression) {
  if (expression.empty()) return "";
  const auto forbid = Expression::compile(expression);
  if (!forbid) return "";  // prepare has refused it
  for (const auto& line : split(body, '\n'))
    if (forbid->found_in(std::string_view(line).substr(0, Expression::longest_text)))
      return printable(line, 200);
  return "";
}

Outcome judge(const Json& answer, const Json& input, const Variables& variables,
              const std::optional<Secret>& contains) {
  const std::int64_t status = number_at(answer, "status");
  const std::int64_t wanted = number_at(input, "status", 200);
  const bool well = status == wanted;
  if (!well) return failed_with(fmt::format("{}, wanted {}", status, wanted), status);
  if (contains && text_at(answer, "body").find(contains->reveal()) == std::string::npos)
    return failed_with(
        fmt::format("{}, without \"{}\"{}", status,
                    printable(shown(text_at(input, "contains"), variables), 100),
                    std::ssize(text_at(answer, "body")) < most_body
                        ? ""
                        : fmt::format(" in its first {} KiB, which are read", most_body >> 10)),
        status);
  if (const auto line = forbidden(text_at(answer, "body"), text_at(input, "forbid")); !line.empty())
    return failed_with(fmt::format("{}, with \"{}\"", status, line), status);
  return {Fate::succeeded, JsonObject{{"detail", std::to_string(status)}, {"status", status}}};
}

}  // namespace

Description ProbeDriver::describe() const {
  return {"probe",
          {"http"},
          {"preflight", "release", "verify"},
          {"http"},
          {"preflight", "release", "verify"}};
}

Result<Prepared> ProbeDriver::prepare(const Request& request, const Variables& variables,
                                      Deadline) {
  Prepared prepared;
  std::vector<Error> mistakes;
  StepReader reader(variables, prepared, mistakes);
  reader.read(member(request.sections, "preflight"), "#/preflight", Phase::preflight);
  reader.read(member(request.sections, "release"), "#/release", Phase::release);
  if (const Json* verify = member(request.sections, "verify"))
    reader.read(member(*verify, "checks"), "#/verify/checks", Phase::verify);
  if (!mistakes.empty()) return failure(gather(std::move(mistakes)));
  prepared.wanted = JsonObject{};
  JsonArray steps;
  for (const auto& step : prepared.steps) steps.push_back(wire::write(step));
  prepared.digest = sha256(canonical(steps));
  return prepared;
}

Result<Observation> ProbeDriver::observe(const EnvironmentId&, const Json&, const Memory&,
                                         const Variables&, Deadline) {
  return Observation{};  // it owns nothing on the host
}

Result<Outcome> ProbeDriver::perform(const Attempt& attempt, const Variables& variables, Progress&,
                                     std::stop_token stop) {
  const Json& input = attempt.work.input;
  const std::string url = text_at(input, "url");
  if (url.empty())
    return failure(error("driver.work_unknown",
                         fmt::format("probe does not know the work {}", attempt.work.verb)));
  auto asked = fill(url, lookup_in(variables));
  if (!asked) return failure(with_nearest(std::move(asked.error()), variables));
  if (auto good = check_url(asked->reveal(), url); !good) return failed(good);
  std::optional<Secret> contains;
  if (member(input, "contains")) {
    auto filled = fill(text_at(input, "contains"), lookup_in(variables));
    if (!filled) return failure(with_nearest(std::move(filled.error()), variables));
    contains = std::move(*filled);
  }
  const Duration timeout(number_at(input, "timeout_ms", usual_timeout.count()));
  const JsonObject question{
      {"url", asked->reveal()}, {"timeout_ms", timeout.count()}, {"max_body", most_body}};
  const auto& verb = attempt.work.verb;
  if (auto point = failpoint(fmt::format("probe.{}.before", verb)); !point) return failed(point);
  const auto answer = helper_.call("probe", question, timeout + for_the_helper, stop);
  if (auto point = failpoint(fmt::format("probe.{}.after", verb)); !point) return failed(point);
  if (answer) return judge(*answer, input, variables, contains);
  const Error& e = answer.error();
  if (e.code == "health.unreachable" || e.code == "helper.timeout")
    return failed_with(why_silent(e, holds_secret(url, variables), timeout));
  return failure(as_written(e, url));
}

Result<Outcome> ProbeDriver::recover(const Attempt& attempt, const Variables&, Progress&,
                                     std::stop_token) {
  return failure(error("driver.work_unknown",
                       fmt::format("probe has no work that is done only once, and was asked about "
                                   "attempt {}",
                                   attempt.id)));
}

std::vector<std::string> ProbeDriver::commands(const EnvironmentId&, const Work& work) {
  const std::string url = text_at(work.input, "url");
  if (url.empty()) return {};
  // Variables stay names: the shell fills them in where they are set.
  std::string quoted;
  for (const char c : url) {
    if (c == '"' || c == '`' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return {fmt::format("curl -sS -o /dev/null -w '%{{http_code}}\\n' \"{}\"", quoted)};
}

std::vector<Finding> ProbeDriver::check(Deadline) {
  return {};
}

}  // namespace reconciler::probe
