#include "reconciler/driver/remote.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/driver/wire.hpp"

namespace reconciler {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds tick{50};  // how late a stop may be noticed

/// What a call sends besides its own: how long the driver may take.
JsonObject with_deadline(Duration left, JsonObject params) {
  params["deadline_ms"] = left.count();
  return params;
}

template <class T>
Result<T> answer_as(Result<Json> answer) {
  if (!answer) return failed(answer);
  return wire::read_as<T>(*answer);
}

}  // namespace

Result<std::unique_ptr<RemoteDriver>> RemoteDriver::start(RemoteOptions options,
                                                          const Clock& clock) {
  std::unique_ptr<RemoteDriver> driver(new RemoteDriver(std::move(options), clock));
  const std::lock_guard lock(driver->mutex_);
  if (auto ready = driver->make_ready(); !ready) return failed(ready);
  return driver;
}

Status RemoteDriver::make_ready() {
  if (child_) return {};
  auto child = Child::start(options_.argv);
  if (!child) return failed(child);
  child_.emplace(std::move(*child));
  Call describe{"describe", JsonObject{}, options_.describe};
  auto description = answer_as<Description>(exchange(describe));
  if (!description) return failed(description);
  if (!description_.name.empty() && wire::write(description_) != wire::write(*description)) {
    child_.reset();
    return failure(
        error("driver.protocol",
              fmt::format("{} describes itself differently than when it was started first",
                          options_.argv[0]))
            .next("start the reconciler again after a driver was replaced"));
  }
  description_ = std::move(*description);
  return {};
}

Result<Json> RemoteDriver::call(Call call) {
  const std::lock_guard lock(mutex_);
  if (call.stop.stop_requested())  // while it waited for another call, perhaps
    return failure(error("apply.stopped", fmt::format("stopped before {} was asked to {}",
                                                      description_.name, call.method)));
  if (auto ready = make_ready(); !ready) return failed(ready);
  return exchange(call);
}

Result<Json> RemoteDriver::exchange(Call& call) {
  const std::int64_t id = ++last_id_;
  const auto broken = [&](Error why) {
    child_->kill();
    child_.reset();
    return failure(std::move(why));
  };
  std::string line = rpc::request(id, call.method, std::move(call.params));
  if (line.size() > rpc::longest_line)
    return failure(
        error("driver.output_limit",
              fmt::format("{} of {} needs {} MiB; a message holds {} MiB", call.method,
                          options_.argv[0], line.size() >> 20U, rpc::longest_line >> 20U)));
  child_->send(line);
  auto until = steady_clock::now() + call.most;
  bool cancelled = false;
  for (;;) {
    while (auto text = child_->next_line()) {
      auto message = rpc::parse(*text);
      if (!message) return broken(std::move(message.error()));
      if (message->method == "progress" && call.progress) {
        call.progress->line(text_at(message->params, "line"));
        continue;
      }
      if (!message->method.empty()) continue;  // a notification of a later version
      if (message->id != id)
        return broken(error("driver.protocol", fmt::format("{} answered a call that was not asked",
                                                           options_.argv[0])));
      if (message->error) return failure(std::move(*message->error));
      return std::move(*message->result);
    }
    if (call.stop.stop_requested() && !cancelled) {
      cancelled = true;
      child_->send(rpc::notification("cancel", JsonObject{{"id", id}}));
      until = std::min(until, steady_clock::now() + options_.cancel);
    }
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    if (left <= milliseconds::zero())
      return broken(
          error("driver.timeout",
                fmt::format("{} did not answer {} within {}; it was killed", options_.argv[0],
                            call.method, for_people(cancelled ? options_.cancel : call.most)))
              .passing());
    if (auto went = child_->exchange(std::min(left, tick)); !went)
      return broken(std::move(went.error()));
  }
}

Result<Prepared> RemoteDriver::prepare(const Request& request, const Variables& variables,
                                       Deadline deadline) {
  const Duration left = deadline.left(clock_);
  return answer_as<Prepared>(call({"prepare",
                                   with_deadline(left, {{"request", wire::write(request)},
                                                        {"variables", wire::write(variables)}}),
                                   left}));
}

Result<Observation> RemoteDriver::observe(const EnvironmentId& id, const Json& wanted,
                                          const Memory& memory, const Variables& variables,
                                          Deadline deadline) {
  const Duration left = deadline.left(clock_);
  return answer_as<Observation>(call({"observe",
                                      with_deadline(left, {{"id", wire::write(id)},
                                                           {"wanted", wanted},
                                                           {"memory", wire::write(memory)},
                                                           {"variables", wire::write(variables)}}),
                                      left}));
}

Result<Outcome> RemoteDriver::perform(const Attempt& attempt, const Variables& variables,
                                      Progress& progress, std::stop_token stop) {
  // It cannot say when it begins to take effect: it counts as begun from here on.
  if (auto begun = progress.begun(); !begun) return failed(begun);
  return outcome_of("perform", attempt, variables, progress, std::move(stop));
}

Result<Outcome> RemoteDriver::recover(const Attempt& attempt, const Variables& variables,
                                      Progress& progress, std::stop_token stop) {
  return outcome_of("recover", attempt, variables, progress, std::move(stop));
}

Result<Outcome> RemoteDriver::outcome_of(const char* method, const Attempt& attempt,
                                         const Variables& variables, Progress& progress,
                                         std::stop_token stop) {
  return answer_as<Outcome>(call(
      {method, JsonObject{{"attempt", wire::write(attempt)}, {"variables", wire::write(variables)}},
       options_.perform, &progress, std::move(stop)}));
}

Result<SealedRecords> RemoteDriver::snapshot(const EnvironmentId& id, const Json& wanted,
                                             Deadline deadline) {
  const Duration left = deadline.left(clock_);
  return answer_as<SealedRecords>(
      call({"snapshot", with_deadline(left, {{"id", wire::write(id)}, {"wanted", wanted}}), left}));
}

Result<Prepared> RemoteDriver::restore(const Recorded& recorded, Deadline deadline) {
  const Duration left = deadline.left(clock_);
  return answer_as<Prepared>(
      call({"restore", with_deadline(left, {{"recorded", wire::write(recorded)}}), left}));
}

Result<Observation> RemoteDriver::left_behind(const EnvironmentId& id, const Json& wanted,
                                              const std::set<std::string>& lineages,
                                              Deadline deadline) {
  const Duration left = deadline.left(clock_);
  return answer_as<Observation>(call(
      {"left_behind",
       with_deadline(left, {{"id", wire::write(id)},
                            {"wanted", wanted},
                            {"lineages", to_json(std::vector(lineages.begin(), lineages.end()))}}),
       left}));
}

std::vector<Finding> RemoteDriver::check(Deadline deadline) {
  const Duration left = deadline.left(clock_);
  auto answer = call({"check", with_deadline(left, {}), left});
  if (!answer) return {{false, answer.error().message, answer.error().hint}};
  std::vector<Finding> findings;
  const Json* list = member(*answer, "findings");
  if (!list || !list->is_array())
    return {{false, options_.argv[0] + " answers check without findings", ""}};
  for (const auto& item : list->get_array())
    if (auto one = wire::read_as<Finding>(item)) findings.push_back(std::move(*one));
  return findings;
}

}  // namespace reconciler
