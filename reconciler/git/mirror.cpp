#include "reconciler/git/mirror.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/git/tree.hpp"
#include "reconciler/git/tree_index.hpp"

namespace reconciler {
namespace {

constexpr size_t most_refs_json = 64U << 20U;
constexpr size_t short_id = 8;

std::string brief(const std::string& commit) {
  return commit.substr(0, short_id);
}

// A name of the host file is a folder's name as it stands; a URL becomes one by its digest.
std::string folder_name(const Repository& repository, MirrorOf use) {
  if (check_name("repository", repository.name)) return repository.name;
  // One URL may be both: what is kept of it, and what may be rewritten, is not the same.
  return (use == MirrorOf::config ? "config-" : "source-") + sha256(repository.url).substr(0, 24);
}

// One fetch of a repository at a time on this host; freed by the kernel when its holder dies.
Result<Descriptor> lock(const std::string& path, const Deadline& deadline, const Clock& clock,
                        const std::stop_token& stop) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd)
    return failure(
        error("file.unwritable", fmt::format("cannot open {}: {}", path, std::strerror(errno))));
  // By count and not by the clock: the holder is another process, whom a simulated clock does not
  // move.
  constexpr Duration step(20);
  for (auto tries = deadline.left(clock) / step; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
       --tries) {
    if (stop.stop_requested() || tries <= 0)
      return failure(error("git.busy", fmt::format("another fetch holds {}", path)).passing());
    std::this_thread::sleep_for(step);
  }
  return fd;
}

Duration left(const Deadline& deadline, const Clock& clock) {
  return std::max(deadline.left(clock), Duration(1));
}

}  // namespace

Mirror::Mirror(const std::string& state, Repository repository, MirrorOf use, Helper& helper,
               const Clock& clock)
    : state_(state),
      folder_(fmt::format("{}/repositories/{}", state, folder_name(repository, use))),
      repository_(std::move(repository)),
      use_(use),
      helper_(helper),
      clock_(clock) {}

std::string Mirror::tree_of(const std::string& commit) const {
  return fmt::format("{}/trees/{}", folder_, commit);
}

Result<Snapshot> Mirror::stored() const {
  auto text = read_file(folder_ + "/refs.json", most_refs_json, false);
  if (!text) return failed(text);
  auto value = parse_json(*text);
  if (!value) return failed(value);
  auto snapshot = snapshot_from_json(*value);
  if (!snapshot) return snapshot;
  snapshot->repository = repository_.name.empty() ? repository_.url : repository_.name;
  snapshot->mirror = folder_ + "/mirror.git";
  if (use_ == MirrorOf::config) snapshot->folder = tree_of(snapshot->commit);
  return snapshot;
}

Status Mirror::store(const Snapshot& snapshot) const {
  if (auto point = failpoint("git.store.before"); !point) return point;
  const std::string text = boost::json::serialize(to_json(snapshot));
  if (auto done = replace_file(folder_ + "/refs.json", text); !done) return done;
  return failpoint("git.store.after");
}

Result<Snapshot> Mirror::last() const {
  FolderHeld held;
  if (use_ == MirrorOf::config) {
    auto taken = hold_folder(folder_ + "/trees");
    if (!taken) return failed(taken);
    held = std::move(*taken);
  }
  auto snapshot = stored();
  // Under one name there may have been another repository before.
  const bool whole = snapshot && snapshot->url == repository_.url &&
                     (use_ == MirrorOf::source || has_manifests(snapshot->commit));
  if (whole) {
    snapshot->held = std::move(held);
    return snapshot;
  }
  return failure(
      error("git.never_fetched", fmt::format("nothing of {} is on this host yet", repository_.url))
          .next("reconciler plan, which fetches it"));
}

Result<Snapshot> Mirror::with_manifests_of(const std::string& commit, Duration timeout,
                                           const std::stop_token& stop) {
  auto snapshot = last();
  if (!snapshot) return snapshot;
  const Deadline deadline(clock_, timeout);
  const auto held = lock(folder_ + "/lock", deadline, clock_, stop);
  if (!held) return failure(held.error());
  if (auto kept = keep_manifests(commit, deadline, stop); !kept) return failed(kept);
  snapshot->folder = tree_of(commit);
  return snapshot;
}

Result<Snapshot> Mirror::fetch(Duration timeout, const std::stop_token& stop) {
  auto fetched = fetch(timeout, stop, false);
  // The helper looks at the newest commit alone; damage deeper down shows when files are read.
  if (!fetched && fetched.error().code == "git.corrupt") return fetch(timeout, stop, true);
  return fetched;
}

Result<Snapshot> Mirror::fetch_anew(Duration timeout, const std::stop_token& stop) {
  return fetch(timeout, stop, true);
}

Result<Snapshot> Mirror::fetch(Duration timeout, const std::stop_token& stop, bool anew) {
  const Deadline deadline(clock_, timeout);
  if (auto made = make_folders(folder_, 0700); !made) return failed(made);
  const auto held = lock(folder_ + "/lock", deadline, clock_, stop);
  if (!held) return failure(held.error());
  std::optional<Snapshot> before;
  if (auto had = stored()) before = std::move(*had);
  const std::string damaged = damage_note(folder_ + "/mirror.git");
  const bool noted = exists(damaged);
  auto answer = ask(before, anew || noted, deadline, stop);
  if (!answer) return failure(explained(std::move(answer.error()), before, timeout));
  if (noted)
    if (auto cleared = remove_tree(damaged); !cleared) return failed(cleared);
  return take(*answer, before, deadline, stop);
}

Result<Json> Mirror::ask(const std::optional<Snapshot>& before, bool anew, const Deadline& deadline,
                         const std::stop_token& stop) {
  // Another URL or branch in the host file is its owner's word: there the history starts again.
  const bool same_url = before && before->url == repository_.url;
  const bool same_branch =
      before && (repository_.branch.empty() || repository_.branch == before->branch);
  const bool config = use_ == MirrorOf::config;
  const Json request = JsonObject{
      {"url", repository_.url},
      {"mirror", folder_ + "/mirror.git"},
      {"branch", repository_.branch},
      {"ssh_key", repository_.ssh_key},
      {"known_hosts", repository_.known_hosts},
      {"known", config && same_url && same_branch ? before->commit : ""},
      {"branch_needed", config},
      {"renew", anew || (before && !same_url)},
  };
  if (auto point = failpoint("git.fetch.before"); !point) return failed(point);
  auto answer = helper_.call("fetch", request, left(deadline, clock_), stop);
  if (auto point = failpoint("git.fetch.after"); !point) return failed(point);
  return answer;
}

Result<Snapshot> Mirror::take(const Json& answer, const std::optional<Snapshot>& before,
                              const Deadline& deadline, const std::stop_token& stop) {
  if (const Json* moved = member(answer, "moved"); moved && before)
    for (const auto& pair : moved->get_object())
      if (!truth_at(pair.value(), "forward")) {
        Snapshot kept = *before;
        kept.moved_backwards = true;
        kept.offered = text_at(pair.value(), "to");
        if (auto done = store(kept); !done) return failed(done);
        return failure(rewritten(kept));
      }
  Snapshot now;
  now.repository = repository_.name.empty() ? repository_.url : repository_.name;
  now.url = repository_.url;
  now.mirror = folder_ + "/mirror.git";
  now.branch = text_at(answer, "branch");
  now.commit = text_at(answer, "commit");
  now.subject = text_at(answer, "subject");
  now.author = text_at(answer, "author");
  now.fetched_at = clock_.wall();
  if (const Json* refs = member(answer, "refs"); refs && refs->is_object())
    for (const auto& pair : refs->get_object()) now.refs[pair.key()] = text_at(*refs, pair.key());
  if (use_ == MirrorOf::config) {
    now.folder = tree_of(now.commit);
    if (auto kept = keep_manifests(now.commit, deadline, stop); !kept) return failed(kept);
    auto found = touched(now, before, deadline, stop);
    if (!found) return failed(found);
    now.touched = std::move(*found);
  }
  if (auto done = store(now); !done) return failed(done);
  if (use_ == MirrorOf::source) return now;
  remove_other_manifests(now.commit);
  auto held = hold_folder(folder_ + "/trees");
  if (!held) return failed(held);
  now.held = std::move(*held);
  return now;
}

void Mirror::remove_other_manifests(const std::string& commit) const {
  const FolderHeld alone = hold_folder_alone(folder_ + "/trees");
  const auto names = list_folder(folder_ + "/trees");
  if (!alone || !names) return;
  for (const auto& name : *names)
    if (!name.starts_with('.') && !name.starts_with(commit))
      static_cast<void>(remove_manifests(name.substr(0, name.find('.'))));
}

bool Mirror::has_manifests(const std::string& commit) const {
  return is_folder(tree_of(commit)) && exists(tree_of(commit) + ".index");
}

Status Mirror::remove_manifests(const std::string& commit) const {
  const std::string path = tree_of(commit);
  // Without its index first: whoever dies in the middle leaves nothing that looks whole.
  if (auto gone = remove_tree(path + ".index"); !gone) return gone;
  if (auto synced = sync_folder(folder_ + "/trees"); !synced) return synced;
  return remove_tree(path);
}

Status Mirror::keep_manifests(const std::string& commit, const Deadline& deadline,
                              const std::stop_token& stop) {
  const std::string path = tree_of(commit);
  if (has_manifests(commit)) return {};
  if (auto point = failpoint("git.manifests.before"); !point) return point;
  auto staging = staging_place(state_, "config");
  if (!staging) return failed(staging);
  const Json request = JsonObject{{"mirror", folder_ + "/mirror.git"},
                                  {"commit", commit},
                                  {"folder", ""},
                                  {"destination", *staging},
                                  {"manifests", true}};
  const auto clear = [&](Error e) {
    static_cast<void>(remove_tree(*staging));
    static_cast<void>(remove_tree(*staging + ".index"));
    return failure(std::move(e));
  };
  auto answer = helper_.call("export", request, left(deadline, clock_), stop);
  if (!answer) return clear(std::move(answer.error()));
  // A manifest that is a link would look as if it were gone, and its environments forgotten.
  for (const auto& one : texts_at(*answer, "left_out"))
    if (const auto name = one.substr(one.rfind('/') + 1); name == "reconciler.yaml")
      return clear(error("path.symlink",
                         fmt::format("{} is a symbolic link at commit {}", one, brief(commit)))
                       .next("commit the manifest itself"));
  if (auto made = make_folders(folder_ + "/trees", 0700); !made) return clear(made.error());
  if (auto gone = remove_tree(path); !gone) return clear(gone.error());
  if (::rename((*staging + ".index").c_str(), (path + ".index").c_str()) != 0 ||
      ::rename(staging->c_str(), path.c_str()) != 0)
    return clear(error("file.unwritable",
                       fmt::format("cannot put {} in its place: {}", path, std::strerror(errno))));
  if (auto synced = sync_folder(folder_ + "/trees"); !synced) return synced;
  return failpoint("git.manifests.after");
}

Result<std::map<std::string, Change>> Mirror::touched(const Snapshot& now,
                                                      const std::optional<Snapshot>& before,
                                                      const Deadline& deadline,
                                                      const std::stop_token& stop) {
  if (before && before->commit == now.commit && !before->touched.empty()) return before->touched;
  auto index = TreeIndex::read(now.folder + ".index");
  if (!index) return failed(index);
  JsonArray folders{""};
  constexpr std::string_view manifest = "reconciler.yaml";
  for (const auto& [path, entry] : index->entries())
    if (entry.is_file() && path.ends_with("/reconciler.yaml"))
      folders.emplace_back(path.substr(0, path.size() - manifest.size() - 1));
  JsonObject changes;
  if (before)
    for (const auto& [folder, change] : before->touched) changes[folder] = change.commit;
  const Json request = JsonObject{{"mirror", now.mirror},
                                  {"commit", now.commit},
                                  {"folders", std::move(folders)},
                                  {"before", JsonObject{{"commit", before ? before->commit : ""},
                                                        {"changes", std::move(changes)}}}};
  auto answer = helper_.call("last-change", request, left(deadline, clock_), stop);
  if (!answer) return failed(answer);
  std::map<std::string, Change> out;
  if (const Json* found = member(*answer, "folders"); found && found->is_object())
    for (const auto& pair : found->get_object())
      out[pair.key()] = {text_at(pair.value(), "commit"), text_at(pair.value(), "subject")};
  return out;
}

Result<std::string> Mirror::find_commit(const std::string& prefix, Duration timeout,
                                        const std::stop_token& stop) {
  const std::string path = folder_ + "/prefixes.json";
  Json known = JsonObject{};
  if (const auto text = read_file(path, 4U << 20U, false))
    if (auto value = parse_json(*text); value && value->is_object()) known = std::move(*value);
  if (const std::string commit = text_at(known, prefix); !commit.empty()) return commit;
  const Json request = JsonObject{{"mirror", folder_ + "/mirror.git"}, {"prefix", prefix}};
  auto answer = helper_.call("resolve-prefix", request, timeout, stop);
  if (!answer && answer.error().code == "git.corrupt")
    static_cast<void>(replace_file(damage_note(folder_ + "/mirror.git"), ""));
  if (!answer) return failed(answer);
  const std::string commit = text_at(*answer, "commit");
  if (known.get_object().size() >= 1000) known.get_object().clear();  // a cache, nothing more
  known.get_object()[prefix] = commit;
  if (auto done = replace_file(path, boost::json::serialize(known)); !done) return failed(done);
  return commit;
}

Error Mirror::explained(Error e, const std::optional<Snapshot>& before, Duration timeout) const {
  if (e.code == "helper.timeout")
    e = error("git.unreachable",
              fmt::format("{} did not answer within {}", repository_.url, for_people(timeout)))
            .passing();
  if (e.hint.empty() && e.code == "git.unreachable")
    e.hint = "reconciler doctor; what is fetched is named by --repo, or in the host file";
  if (before && !before->commit.empty() && before->url == repository_.url)
    e.facts.push_back({"have", fmt::format("{} at {}, fetched {}", before->branch,
                                           brief(before->commit), to_text(before->fetched_at))});
  return e;
}

Error Mirror::rewritten(const Snapshot& before) const {
  const std::string what =
      before.offered.empty()
          ? fmt::format("branch {} of {} is gone; it was at {}", before.branch, before.repository,
                        brief(before.commit))
          : fmt::format("branch {} of {} was rewritten: {} is not an ancestor of {}", before.branch,
                        before.repository, brief(before.commit), brief(before.offered));
  Error e = error("git.history_rewritten", what)
                .with("had", fmt::format("{} \"{}\", fetched {}", before.commit, before.subject,
                                         to_text(before.fetched_at)));
  if (!before.offered.empty()) e.facts.push_back({"there", before.offered});
  e.hint =
      fmt::format("push a commit that descends from {}; or, to accept what is there, remove {}",
                  brief(before.commit), folder_);
  return e;
}

}  // namespace reconciler
