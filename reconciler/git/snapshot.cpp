#include "reconciler/git/snapshot.hpp"

namespace reconciler {

Snapshot of_folder(const Snapshot& config, const std::string& folder) {
  Snapshot own;
  own.repository = config.repository;
  own.url = config.url;
  own.branch = config.branch;
  own.commit = config.commit;
  own.subject = config.subject;
  own.author = config.author;
  own.folder = config.folder;
  own.mirror = config.mirror;
  own.fetched_at = config.fetched_at;
  own.moved_backwards = config.moved_backwards;
  own.offered = config.offered;
  for (const auto& one : {std::string(), folder})
    if (const auto change = config.touched.find(one); change != config.touched.end())
      own.touched.insert(*change);
  return own;
}

Json to_json(const Snapshot& snapshot) {
  JsonObject refs;
  for (const auto& [name, commit] : snapshot.refs) refs[name] = commit;
  JsonObject touched;
  for (const auto& [folder, change] : snapshot.touched)
    touched[folder] = JsonObject{{"commit", change.commit}, {"subject", change.subject}};
  JsonObject out{{"version", 1},
                 {"url", snapshot.url},
                 {"branch", snapshot.branch},
                 {"commit", snapshot.commit},
                 {"subject", snapshot.subject},
                 {"author", snapshot.author},
                 {"fetched_at", snapshot.fetched_at.time_since_epoch().count()},
                 {"refs", std::move(refs)},
                 {"touched", std::move(touched)}};
  if (snapshot.moved_backwards) {
    out["moved_backwards"] = true;
    out["offered"] = snapshot.offered;
  }
  return out;
}

Result<Snapshot> snapshot_from_json(const Json& value) {
  const Json* refs = member(value, "refs");
  const Json* touched = member(value, "touched");
  if (number_at(value, "version") != 1 || !refs || !refs->is_object() || !touched ||
      !touched->is_object())
    return failure(error("state.corrupt", "what was last fetched is not readable"));
  Snapshot out;
  out.url = text_at(value, "url");
  out.branch = text_at(value, "branch");
  out.commit = text_at(value, "commit");
  out.subject = text_at(value, "subject");
  out.author = text_at(value, "author");
  out.fetched_at = WallTime(std::chrono::seconds(number_at(value, "fetched_at")));
  out.moved_backwards = truth_at(value, "moved_backwards");
  out.offered = text_at(value, "offered");
  for (const auto& pair : refs->get_object()) out.refs[pair.key()] = text_at(*refs, pair.key());
  for (const auto& pair : touched->get_object())
    out.touched[pair.key()] = {text_at(pair.value(), "commit"), text_at(pair.value(), "subject")};
  return out;
}

}  // namespace reconciler
