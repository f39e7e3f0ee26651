#include "tests/simulation/state_file.hpp"

namespace reconciler::simulation {

Description StateFileDriver::describe() const {
  return {"files", {"state"}, {}, {}, {"record"}};
}

Result<Prepared> StateFileDriver::prepare(const Request& request, const Variables&, Deadline) {
  Prepared prepared;
  prepared.wanted = JsonObject{{"tag", request.tag}};
  prepared.digest = canonical(prepared.wanted);
  return prepared;
}

Result<Observation> StateFileDriver::observe(const EnvironmentId&, const Json& wanted,
                                             const Memory&, const Variables&, Deadline) {
  Resource file;
  file.id = {"files", "state", "current_tag"};
  file.desired = text_at(wanted, "tag");
  file.observed = file.version = host_.current_tag;
  if (file.desired != file.observed) {
    file.differences = {{"current_tag", file.observed, file.desired}};
    Work work;
    work.phase = Phase::record;
    work.verb = "record";
    work.targets = {file.id};
    work.input = JsonObject{{"tag", file.desired}};
    work.calls = {"record current_tag"};
    file.remedies[Aim::match] = {std::move(work)};
  }
  return Observation{{std::move(file)}, {}};
}

Result<Outcome> StateFileDriver::perform(const Attempt& attempt, const Variables&, Progress&,
                                         std::stop_token) {
  const std::string tag = text_at(attempt.work.input, "tag");
  host_.calls.push_back("record " + tag);
  host_.on_call(host_.calls.back());
  if (host_.cannot_write) return failure(*host_.cannot_write);
  host_.current_tag = tag;
  host_.hand_written = false;
  return Outcome{Fate::succeeded, JsonObject{}};
}

Result<Outcome> StateFileDriver::recover(const Attempt&, const Variables&, Progress&,
                                         std::stop_token) {
  return Outcome{Fate::not_started, {}};
}

}  // namespace reconciler::simulation
