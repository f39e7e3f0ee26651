#include "plugins/files/driver.hpp"

#include <fmt/format.h>

#include "plugins/files/folder.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::files {
namespace {

constexpr const char* current_tag = "current_tag";
constexpr const char* prev_tag = "prev_tag";

/// Work::expects of a file that was not there; an empty one would expect nothing at all.
constexpr const char* absent = "absent";

std::string fingerprint(const std::optional<std::string>& value) {
  return value ? sha256(*value) : std::string();
}

std::string expectation(const std::optional<std::string>& value) {
  return value ? fingerprint(value) : absent;
}

std::string folder_of(const Request& request) {
  const std::string asked = text_at(request.host, "state_files");
  if (asked.empty()) return text_at(request.host, "state") + "/state-files/" + request.id.text();
  return asked.size() > 1 && asked.ends_with('/') ? asked.substr(0, asked.size() - 1) : asked;
}

/// The tag that was current before this one: what prev_tag says once this one is recorded.
std::optional<std::string> previous_of(const std::string& tag, const Memory& memory) {
  if (memory.current && memory.current->tag != tag) return memory.current->tag;
  if (memory.previous) return memory.previous->tag;
  return std::nullopt;
}

Work write_work(const ResourceId& id, const Json& wanted, const std::string& value,
                const std::optional<std::string>& found) {
  Work work;
  work.phase = Phase::record;
  work.verb = "record";
  work.targets = {id};
  JsonObject input{{"folder", text_at(wanted, "folder")}, {"name", id.name}, {"value", value}};
  if (const auto adopted = texts_at(wanted, "adopted"); !adopted.empty())
    input["adopted"] = to_json(adopted);
  work.input = std::move(input);
  work.expects = expectation(found);
  work.needs = {
      {"ledger", "release", text_at(wanted, "tag")}};  // the truth first, then its outputs
  return work;
}

Result<Resource> look(const std::string& name, const std::string& value, const Json& wanted) {
  const std::string folder = text_at(wanted, "folder");
  auto found = read_value(folder, name);
  if (!found) return failed(found);
  Resource resource;
  resource.id = {"files", "state", name};
  resource.desired = fingerprint(value);
  resource.observed = fingerprint(*found);
  resource.state = *found ? printable(**found, 128) : "missing";
  resource.summary = resource.state + "\t" + folder + "/" + name;
  resource.health = Health::none;
  resource.ours = true;
  if (name == current_tag && *found) resource.version = printable(**found, 128);
  if (resource.desired == resource.observed) return resource;
  resource.differences = {{name, *found ? printable(**found, 128) : "", value}};
  resource.remedies[Aim::match] = {write_work(resource.id, wanted, value, *found)};
  return resource;
}

/// What others wrote of the version before theirs, while nothing is known here: it is not asked
/// for, and says which tag that was.
Result<std::optional<Resource>> found_before(const Json& wanted) {
  auto found = read_value(text_at(wanted, "folder"), prev_tag);
  if (!found) return failed(found);
  if (!*found) return std::optional<Resource>();
  Resource resource;
  resource.id = {"files", "state", prev_tag};
  resource.observed = fingerprint(*found);
  resource.state = resource.version = printable(**found, 128);
  resource.differences = {{prev_tag, resource.state, ""}};
  resource.health = Health::none;
  return std::optional(std::move(resource));
}

}  // namespace

Description FilesDriver::describe() const {
  return {"files", {"state"}, {}, {}, {"record"}};
}

Result<Prepared> FilesDriver::prepare(const Request& request, const Variables&, Deadline) {
  const std::string folder = folder_of(request);
  std::vector<Error> mistakes;
  const auto note = [&](Status status) {
    if (status) return;
    Place place;
    place.file = "#/state_files";
    mistakes.push_back(std::move(status.error()).at(std::move(place)));
  };
  std::vector<std::string> roots{text_at(request.host, "state")};
  if (const Json* policy = member(request.host, "policy"))
    for (auto& root : texts_at(*policy, "state_files")) roots.push_back(std::move(root));
  note(check_place(folder, roots, text_at(request.host, "file", "/etc/reconciler/host.yaml")));
  const auto adopted = texts_at(request.host, "adopted");
  // A folder that may not be written is not read either: its content is no business of the
  // manifest.
  if (mistakes.empty()) note(check_owner(folder, {request.id.text(), request.lineage}, adopted));
  if (!mistakes.empty()) return failure(gather(std::move(mistakes)));

  Prepared prepared;
  prepared.wanted =
      JsonObject{{"folder", folder}, {"tag", request.tag}, {"adopted", to_json(adopted)}};
  prepared.digest = sha256(canonical(JsonObject{{"folder", folder}, {"tag", request.tag}}));
  return prepared;
}

Result<Observation> FilesDriver::observe(const EnvironmentId&, const Json& wanted,
                                         const Memory& memory, const Variables&, Deadline) {
  Observation seen;
  const std::string tag = text_at(wanted, "tag");
  auto current = look(current_tag, tag, wanted);
  if (!current) return failed(current);
  seen.resources.push_back(std::move(*current));
  if (!memory.current) {
    auto before = found_before(wanted);
    if (!before) return failed(before);
    if (*before) seen.resources.push_back(std::move(**before));
  }
  // Without a version before this one nobody knows what prev_tag should say: it is left alone.
  if (const auto before = previous_of(tag, memory)) {
    auto previous = look(prev_tag, *before, wanted);
    if (!previous) return failed(previous);
    seen.resources.push_back(std::move(*previous));
  }
  return seen;
}

Result<Outcome> FilesDriver::perform(const Attempt& attempt, const Variables&, Progress&,
                                     std::stop_token stop) {
  const Json& input = attempt.work.input;
  const std::string folder = text_at(input, "folder");
  const std::string name = text_at(input, "name");
  const std::string value = text_at(input, "value");
  if (attempt.work.verb != "record" || folder.empty() || value.empty() ||
      (name != current_tag && name != prev_tag))
    return failure(error("driver.work_unknown", fmt::format("files does not know the work {} {}",
                                                            attempt.work.verb, name)));
  if (stop.stop_requested())
    return failure(error("apply.stopped", fmt::format("stopped before {} was written", name)));
  const Owner owner{attempt.environment.text(), attempt.lineage};
  if (auto ours = check_owner(folder, owner, texts_at(input, "adopted")); !ours)
    return failed(ours);
  auto found = read_value(folder, name);
  if (!found) return failed(found);
  if (!attempt.work.expects.empty() && attempt.work.expects != expectation(*found))
    return failure(error("plan.stale", fmt::format("{}/{} is not what it was when this was planned",
                                                   folder, name))
                       .with("now", *found ? printable(**found, 128) : "missing")
                       .next(fmt::format("reconciler plan {}", attempt.environment.text())));
  if (auto point = failpoint("files.record.before"); !point) return failed(point);
  if (auto written = write_value(folder, owner, name, value); !written) return failed(written);
  if (auto point = failpoint("files.record.after"); !point) return failed(point);
  return Outcome{Fate::succeeded, JsonObject{{"detail", fmt::format("{} {}", name, value)}}};
}

Result<Outcome> FilesDriver::recover(const Attempt& attempt, const Variables&, Progress&,
                                     std::stop_token) {
  return failure(error("driver.work_unknown",
                       fmt::format("files has no work that is done only once, and was asked about "
                                   "attempt {}",
                                   attempt.id)));
}

std::vector<std::string> FilesDriver::commands(const EnvironmentId&, const Work& work) {
  const std::string folder = text_at(work.input, "folder");
  const std::string name = text_at(work.input, "name");
  if (folder.empty() || name.empty()) return {};
  return {fmt::format("echo {} > {}", shell_word(text_at(work.input, "value")),
                      shell_word(folder + "/" + name))};
}

std::vector<Finding> FilesDriver::check(Deadline) {
  return {};
}

}  // namespace reconciler::files
