// `fetch`: brings a bare mirror up to what the other side has, or makes it anew. `list` asks alone.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/helper/about.hpp"
#include "reconciler/helper/remote.hpp"
#include "reconciler/helper/verbs.hpp"

namespace reconciler::helper {
namespace {

// libgit2 never merges packs: past this many the mirror is made anew.
constexpr size_t most_packs = 100;

struct Ask {
  Access access;
  std::string mirror;
  std::string branch;  // empty: the other side's HEAD
  std::string known;   // the commit that the branch had before
  std::string ca_file;
  bool renew = false;
  bool branch_needed = true;  // an application's source is asked for tags and commits alone
};

Result<Ask> read_ask(const Json& request) {
  Ask ask;
  ask.access.url = text_at(request, "url");
  ask.access.ssh_key = text_at(request, "ssh_key");
  ask.access.known_hosts = text_at(request, "known_hosts");
  ask.access.most_bytes = number_at(request, "most_bytes", ask.access.most_bytes);
  ask.mirror = text_at(request, "mirror");
  ask.branch = text_at(request, "branch");
  ask.known = text_at(request, "known");
  ask.ca_file = text_at(request, "ca_file");
  ask.renew = truth_at(request, "renew");
  ask.branch_needed = truth_at(request, "branch_needed", true);
  auto url = parse_url(ask.access.url);
  if (!url) return failed(url);
  ask.access.parsed = std::move(*url);
  if (!ask.branch.empty())
    if (auto checked = check_branch(ask.branch); !checked) return failed(checked);
  if (!ask.known.empty())
    if (auto oid = parse_commit(ask.known); !oid) return failed(oid);
  if (!ask.mirror.starts_with('/'))
    return failure(error("helper.request", "`mirror` is not an absolute path"));
  return ask;
}

// libgit2 offers a server the key types that it finds under ~/.ssh/known_hosts. Without the pinned
// file there, a server with several keys would show one that is not pinned.
class PrivateHome {
 public:
  PrivateHome(std::string path, const std::string& known_hosts) : path_(std::move(path)) {
    if (known_hosts.empty() || !remove_tree(path_) || !make_folders(path_ + "/.ssh")) return;
    if (::symlink(known_hosts.c_str(), (path_ + "/.ssh/known_hosts").c_str()) == 0) made_ = true;
  }
  ~PrivateHome() { static_cast<void>(remove_tree(path_)); }
  PrivateHome(const PrivateHome&) = delete;
  PrivateHome& operator=(const PrivateHome&) = delete;
  std::string path() const { return made_ ? path_ : std::string(); }

 private:
  std::string path_;
  bool made_ = false;
};

Result<Repository> open_or_make(const std::string& mirror) {
  if (exists(mirror)) return open_mirror(mirror);
  git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  git_repository* raw = nullptr;
  if (const int code = git_repository_init_ext(&raw, mirror.c_str(), &options); code < 0)
    return failure(mirror_error(code, mirror));
  return Repository(raw);
}

Result<std::map<std::string, git_oid>> own_refs(git_repository* repository,
                                                const std::string& mirror) {
  git_reference_iterator* raw = nullptr;
  if (const int code = git_reference_iterator_new(&raw, repository); code < 0)
    return failure(mirror_error(code, mirror));
  const ReferenceIterator all(raw);
  std::map<std::string, git_oid> refs;
  for (;;) {
    git_reference* next = nullptr;
    const int code = git_reference_next(&next, all.get());
    if (code == GIT_ITEROVER) return refs;
    if (code < 0) return failure(mirror_error(code, mirror));
    const Reference ref(next);
    if (const git_oid* target = git_reference_target(ref.get()))
      refs.emplace(git_reference_name(ref.get()), *target);
  }
}

// What goes, goes first: a branch `a` may have made room for `a/b`.
Status move_refs(git_repository* repository, const std::map<std::string, git_oid>& own,
                 const Listing& theirs, const std::string& mirror) {
  for (const auto& [name, target] : own) {
    if (theirs.refs.contains(name)) continue;
    if (const int code = git_reference_remove(repository, name.c_str()); code < 0)
      return failure(mirror_error(code, mirror));
  }
  for (const auto& [name, ref] : theirs.refs) {
    const auto had = own.find(name);
    if (had != own.end() && git_oid_equal(&had->second, &ref.target)) continue;
    git_reference* raw = nullptr;
    const int code = git_reference_create(&raw, repository, name.c_str(), &ref.target, 1, nullptr);
    const Reference made(raw);
    if (code < 0) return failure(mirror_error(code, mirror));
  }
  return {};
}

bool same_refs(const std::map<std::string, git_oid>& own, const Listing& theirs) {
  if (own.size() != theirs.refs.size()) return false;
  for (const auto& [name, ref] : theirs.refs) {
    const auto had = own.find(name);
    if (had == own.end() || !git_oid_equal(&had->second, &ref.target)) return false;
  }
  return true;
}

// A pack that was cut short keeps its references; reading one commit and its tree finds out.
Status check_readable(git_repository* repository, const git_oid& commit,
                      const std::string& mirror) {
  git_commit* raw = nullptr;
  int code = git_commit_lookup(&raw, repository, &commit);
  const Commit found(raw);
  git_tree* tree = nullptr;
  if (code == 0) code = git_commit_tree(&tree, found.get());
  const Tree held(tree);
  if (code < 0) return failure(mirror_error(code, mirror));
  return {};
}

Result<JsonObject> refs_json(git_repository* repository, const Listing& listing,
                             const std::string& mirror) {
  git_odb* raw = nullptr;
  if (const int code = git_repository_odb(&raw, repository); code < 0)
    return failure(mirror_error(code, mirror));
  const Odb odb(raw);
  JsonObject refs;
  for (const auto& [name, ref] : listing.refs) {
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const int code = git_odb_read_header(&size, &type, odb.get(), &ref.commit);
    if (code < 0) return failure(mirror_error(code, mirror));
    if (type == GIT_OBJECT_COMMIT)
      refs[name] = to_text(ref.commit);  // tags of files are no versions
  }
  return refs;
}

// Whether `to` has `from` among its ancestors. A mirror that was fetched before has both: when it
// cannot tell, it is damaged. A new one that does not know `from` says no.
Result<bool> is_forward(git_repository* repository, const git_oid& from, const git_oid& to,
                        bool is_new, const std::string& mirror) {
  if (git_oid_equal(&from, &to)) return true;
  const int code = git_graph_descendant_of(repository, &to, &from);
  if (code < 0 && !is_new)
    return failure(
        error("git.corrupt", fmt::format("the mirror {} cannot be read", mirror)).passing());
  return code == 1;
}

void sync(const std::string& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::syncfs(fd.get());
}

// Under the caller's lock nobody else writes here: what is neither pack nor index was left behind
// by a fetch that was killed.
size_t tidy_packs(const std::string& mirror) {
  const std::string folder = mirror + "/objects/pack";
  const auto names = list_folder(folder);
  size_t packs = 0;
  if (!names) return packs;
  for (const auto& name : *names) {
    if (name.ends_with(".pack"))
      ++packs;
    else if (!name.ends_with(".idx") && !name.ends_with(".keep"))
      ::unlink(fmt::format("{}/{}", folder, name).c_str());
  }
  return packs;
}

Result<Json> answer(git_repository* repository, const Ask& ask, const Listing& theirs, bool is_new,
                    const std::string& mirror) {
  const std::string branch = ask.branch.empty() ? theirs.head : ask.branch;
  const std::string name = "refs/heads/" + branch;
  auto refs = refs_json(repository, theirs, mirror);
  if (!refs) return failed(refs);
  JsonObject out{{"head", theirs.head}, {"branch", branch}, {"commit", ""}};
  JsonObject moved;
  const auto found = theirs.refs.find(name);
  if (found != theirs.refs.end()) {
    const git_oid commit = found->second.commit;
    auto about = describe(repository, to_text(commit), mirror);
    if (!about) return failed(about);
    out["commit"] = to_text(commit);
    for (const auto& pair : *about) out[pair.key()] = pair.value();
    if (!ask.known.empty()) {
      auto known = parse_commit(ask.known);
      if (!known) return failed(known);
      auto forward = is_forward(repository, *known, commit, is_new, mirror);
      if (!forward) return failed(forward);
      if (!git_oid_equal(&*known, &commit))
        moved[name] =
            JsonObject{{"from", ask.known}, {"to", to_text(commit)}, {"forward", *forward}};
    }
  } else if (!ask.known.empty()) {
    moved[name] = JsonObject{{"from", ask.known}, {"to", ""}, {"forward", false}};
  }
  out["refs"] = std::move(*refs);
  out["moved"] = std::move(moved);
  return out;
}

Error no_branch(const Ask& ask, const Listing& theirs) {
  std::vector<std::string> branches;
  for (const auto& [name, ref] : theirs.refs)
    if (name.starts_with("refs/heads/")) branches.push_back(name.substr(11));
  if (ask.branch.empty())
    return branches.empty()
               ? error("git.ref_not_found",
                       fmt::format("{} names no default branch", ask.access.url))
                     .next("push a first commit to it")
               : error("git.ref_not_found",
                       fmt::format("{} is on no branch (detached HEAD), and none is named",
                                   ask.access.url))
                     .next(fmt::format("git switch {} there; or name one in the host file: "
                                       "branch: {}",
                                       branches.size() == 1 ? branches[0] : "BRANCH",
                                       branches.size() == 1 ? branches[0] : "BRANCH"));
  Error e = error("git.ref_not_found",
                  fmt::format("{} has no branch \"{}\"", ask.access.url, ask.branch));
  if (const auto near = nearest(ask.branch, branches))
    return std::move(e).next(fmt::format("did you mean \"{}\"?", *near));
  return std::move(e).next("push it, or name another in the host file");
}

Result<Json> update(const Ask& ask, const std::string& mirror) {
  auto repository = open_or_make(mirror);
  if (!repository) return failed(repository);
  auto own = own_refs(repository->get(), mirror);
  if (!own) return failed(own);
  auto connection = Connection::open(repository->get(), ask.access);
  if (!connection) return failed(connection);
  auto theirs = connection->list();
  if (!theirs) return failed(theirs);

  const std::string branch = "refs/heads/" + (ask.branch.empty() ? theirs->head : ask.branch);
  const auto wanted = theirs->refs.find(branch);
  const bool names_none = ask.branch.empty() && theirs->head.empty() && !theirs->refs.empty();
  if (wanted == theirs->refs.end() && (ask.known.empty() || names_none) && ask.branch_needed)
    return failure(no_branch(ask, *theirs));
  const bool changed = !same_refs(*own, *theirs);
  if (changed) {
    if (auto done = connection->download(); !done) return failed(done);
    if (auto done = move_refs(repository->get(), *own, *theirs, mirror); !done) return failed(done);
    sync(mirror);
  }
  if (wanted != theirs->refs.end())
    if (auto done = check_readable(repository->get(), wanted->second.commit, mirror); !done)
      return failed(done);
  auto out = answer(repository->get(), ask, *theirs, own->empty(), mirror);
  if (out) out->as_object()["changed"] = changed;
  return out;
}

Status swap(const std::string& fresh, const std::string& mirror) {
  const std::string broken = mirror + ".broken";
  if (auto done = remove_tree(broken); !done) return done;
  if ((exists(mirror) && ::rename(mirror.c_str(), broken.c_str()) != 0) ||
      ::rename(fresh.c_str(), mirror.c_str()) != 0)
    return failure(error("file.unwritable",
                         fmt::format("cannot replace {}: {}", mirror, std::strerror(errno))));
  return remove_tree(broken);
}

Result<Json> list_into(const Json& request) {
  auto ask = read_ask(request);
  if (!ask) return failed(ask);
  const PrivateHome home(ask->mirror + ".home",
                         ask->access.parsed.kind == Url::Kind::ssh ? ask->access.known_hosts : "");
  const LibGit git(home.path(), ask->ca_file);
  auto nothing = open_or_make(ask->mirror);
  if (!nothing) return failed(nothing);
  auto connection = Connection::open(nothing->get(), ask->access);
  if (!connection) return failed(connection);
  auto theirs = connection->list();
  if (!theirs) return failed(theirs);
  const std::string branch = ask->branch.empty() ? theirs->head : ask->branch;
  const auto found = theirs->refs.find("refs/heads/" + branch);
  if (found == theirs->refs.end()) return failure(no_branch(*ask, *theirs));
  return Json(JsonObject{{"branch", branch}, {"commit", to_text(found->second.commit)}});
}

}  // namespace

Result<Json> fetch(const Json& request) {
  auto ask = read_ask(request);
  if (!ask) return failed(ask);
  const PrivateHome home(ask->mirror + ".home",
                         ask->access.parsed.kind == Url::Kind::ssh ? ask->access.known_hosts : "");
  const LibGit git(home.path(), ask->ca_file);
  if (exists(ask->mirror) && !ask->renew && tidy_packs(ask->mirror) <= most_packs) {
    auto done = update(*ask, ask->mirror);
    if (done || done.error().code != "git.corrupt") return done;
  }
  // Beside the old one and whole before it takes its place: a fetch that fails loses nothing.
  const std::string fresh = ask->mirror + ".new";
  if (auto done = remove_tree(fresh); !done) return failed(done);
  auto done = update(*ask, fresh);
  if (!done) {
    static_cast<void>(remove_tree(fresh));
    if (done.error().code != "git.corrupt") return done;
    return failure(
        error("git.unreachable", fmt::format("what {} sends cannot be read", ask->access.url))
            .with("cause", done.error().facts.empty() ? done.error().message
                                                      : done.error().facts.front().text)
            .passing());
  }
  if (auto swapped = swap(fresh, ask->mirror); !swapped) return failed(swapped);
  return done;
}

Result<Json> list(const Json& request) {
  std::string scratch = "/tmp/reconciler-list-XXXXXX";
  if (!::mkdtemp(scratch.data()))
    return failure(error("file.unwritable",
                         fmt::format("cannot make a folder in /tmp: {}", std::strerror(errno))));
  Json own = request;
  if (own.is_object()) own.as_object()["mirror"] = scratch + "/mirror";
  auto listed = list_into(own);
  static_cast<void>(remove_tree(scratch));
  return listed;
}

}  // namespace reconciler::helper
