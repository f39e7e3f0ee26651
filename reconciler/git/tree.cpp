#include "reconciler/git/tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/room.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/git/tree_index.hpp"

namespace reconciler {
namespace {

constexpr std::time_t stale_after_seconds = 86'400;

std::string trees_of(const std::string& state, const EnvironmentId& id) {
  return fmt::format("{}/trees/{}/{}", state, id.application, id.environment);
}

Json about_json(const TreeAsk& ask, const std::string& subject) {
  JsonObject files;
  for (const auto& [place, real] : ask.files) files[place] = real;
  return JsonObject{{"commit", ask.commit},
                    {"subject", subject},
                    {"folder", ask.folder},
                    {"files", std::move(files)}};
}

Error cannot(std::string_view what, const std::string& path) {
  const int number = errno;
  Error e =
      error("file.unwritable", fmt::format("cannot {} {}: {}", what, path, std::strerror(number)));
  if (number == ENOSPC || number == EDQUOT)
    return std::move(e).with("disk", room_missing(path, 0)).next("make room on that disk");
  return e;
}

bool is_place(const std::string& place) {
  if (place.empty() || place.front() == '/' || place.find('\0') != place.npos) return false;
  for (const auto& part : split(place, '/'))
    if (part.empty() || part == "." || part == ".." || part == ".git") return false;
  return true;
}

Status make_parents(const std::string& tree, const std::string& place) {
  for (size_t slash = place.find('/'); slash != place.npos; slash = place.find('/', slash + 1)) {
    const std::string path = tree + "/" + place.substr(0, slash);
    if (::mkdir(path.c_str(), 0755) == 0) {
      if (::chmod(path.c_str(), 0755) != 0) return failure(cannot("make the folder", path));
    } else if (errno != EEXIST) {
      return failure(cannot("make the folder", path));
    }
    // A place under another place would be made in the real folder behind that link.
    if (auto inside = open_beneath(tree, place.substr(0, slash), O_RDONLY | O_DIRECTORY); !inside)
      return failure(
          error("path.escape",
                fmt::format("files: \"{}\" lies under something that is no folder of the "
                            "tree",
                            place))
              .with("cause", inside.error().message)
              .next("name places in the host file that do not lie in one another"));
  }
  return {};
}

// The host file's owner decides: what git has in that place gives way.
Status place_files(const std::string& tree, const std::map<std::string, std::string>& files,
                   TreeIndex& index) {
  for (const auto& [place, real] : files) {
    if (!is_place(place))
      return failure(error("path.escape", fmt::format("files: \"{}\" is no place in the tree",
                                                      printable(place, 200)))
                         .next("write it in the host file relative to the tree, without \"..\""));
    if (!real.starts_with('/'))
      return failure(error("path.escape", fmt::format("files: \"{}\" is not an absolute path",
                                                      printable(real, 200)))
                         .next("write the real file's whole path in the host file"));
    if (auto made = make_parents(tree, place); !made) return made;
    const std::string path = fmt::format("{}/{}", tree, place);
    if (auto removed = remove_tree(path); !removed) return removed;
    if (::symlink(real.c_str(), path.c_str()) != 0) return failure(cannot("link", path));
    index.remove(place);
  }
  return {};
}

constexpr std::string_view removed_mark = ".removed-";

// What says that it is whole goes first: whoever dies in the middle leaves no tree. The tree itself
// goes at once: who made the same one anew meanwhile sees that it is not there.
Status remove_exported(const std::string& path) {
  if (auto point = failpoint("tree.remove.before"); !point) return point;
  if (exists(path + ".about")) {
    if (auto removed = remove_tree(path + ".about"); !removed) return removed;
    if (auto synced = sync_folder(path.substr(0, path.rfind('/'))); !synced) return synced;
  }
  const std::string away = fmt::format("{}{}{}", path, removed_mark, to_hex(random_bytes(8)));
  if (::rename(path.c_str(), away.c_str()) != 0 && errno != ENOENT)
    return failure(cannot("rename", path));
  for (const std::string& part : {away, path + ".index"})
    if (auto removed = remove_tree(part); !removed) return removed;
  return failpoint("tree.remove.after");
}

// Puts a checked staging folder in its place. Who else made the same tree meanwhile was as right.
Status settle(const TreeAsk& ask, const std::string& staging, const Tree& tree,
              const TreeIndex& index) {
  const std::string parent = trees_of(ask.state, ask.id);
  if (auto made = make_folders(parent, 0700); !made) return made;
  if (known_tree(ask)) return {};
  if (is_folder(tree.path)) {  // another folder of the repository, or other links
    if (auto removed = remove_exported(tree.path); !removed) return removed;
  }
  if (auto done = replace_file(tree.index, boost::json::serialize(index.json())); !done)
    return done;
  const std::string about = boost::json::serialize(about_json(ask, tree.subject));
  if (auto done = replace_file(tree.path + ".about", about); !done) return done;
  if (auto done = sync_file_system(staging); !done) return done;
  if (::rename(staging.c_str(), tree.path.c_str()) != 0) {
    const Error why = cannot("put in its place", tree.path);
    if (!known_tree(ask)) return failure(why);
  }
  return sync_folder(parent);
}

class Staging {
 public:
  explicit Staging(std::string path) : path_(std::move(path)) {}
  ~Staging() {
    static_cast<void>(remove_tree(path_));
    static_cast<void>(remove_tree(path_ + ".index"));
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

Result<std::string> staging_place(const std::string& state, const std::string& name) {
  const std::string folder = state + "/staging";
  if (auto made = make_folders(folder, 0700); !made) return failed(made);
  if (const auto names = list_folder(folder))
    for (const auto& old : *names) {
      struct stat about {};
      const std::string path = fmt::format("{}/{}", folder, old);
      if (::lstat(path.c_str(), &about) == 0 &&
          about.st_mtime + stale_after_seconds < std::time(nullptr))
        static_cast<void>(remove_tree(path));
    }
  return fmt::format("{}/{}.{}", folder, name, to_hex(random_bytes(6)));
}

std::string damage_note(const std::string& mirror) {
  return mirror + ".damaged";
}

std::optional<Tree> known_tree(const TreeAsk& ask) {
  const std::string path = trees_of(ask.state, ask.id) + "/" + ask.commit;
  if (!is_folder(path)) return std::nullopt;
  const auto text = read_file(path + ".about", 1U << 20U, false);
  if (!text) return std::nullopt;
  const auto about = parse_json(*text);
  if (!about || !exists(path + ".index")) return std::nullopt;
  const std::string subject = text_at(*about, "subject");
  if (canonical(*about) != canonical(about_json(ask, subject))) return std::nullopt;
  return Tree{path, path + ".index", ask.commit, subject};
}

Result<Tree> export_tree(const TreeAsk& ask, Helper& helper, Duration timeout,
                         const std::stop_token& stop) {
  if (auto made = make_folders(fmt::format("{}/trees/{}", ask.state, ask.id.application), 0700);
      !made)
    return failed(made);
  auto held = hold_folder(trees_of(ask.state, ask.id));
  if (!held) return failed(held);
  if (auto known = known_tree(ask)) {
    known->held = std::move(*held);
    return *known;
  }
  if (auto point = failpoint("export.tree.before"); !point) return failed(point);
  auto place =
      staging_place(ask.state, fmt::format("{}.{}", ask.id.application, ask.id.environment));
  if (!place) return failed(place);
  const Staging staging(*place);
  const Json request = JsonObject{{"mirror", ask.mirror},
                                  {"commit", ask.commit},
                                  {"folder", ask.folder},
                                  {"destination", staging.path()}};
  auto answer = helper.call("export", request, timeout, stop);
  if (!answer && answer.error().code == "git.corrupt") {
    // The next fetch looks at the newest commit alone; this tells it that more is damaged.
    if (auto noted = replace_file(damage_note(ask.mirror), ""); !noted) return failed(noted);
  }
  if (!answer) return failed(answer);
  auto index = TreeIndex::read(staging.path() + ".index");
  if (!index) return failed(index);
  if (auto taken = take_over(staging.path(), *index); !taken) return failed(taken);
  if (auto placed = place_files(staging.path(), ask.files, *index); !placed) return failed(placed);
  const std::string path = trees_of(ask.state, ask.id) + "/" + ask.commit;
  Tree tree{path, path + ".index", ask.commit, text_at(*answer, "subject"), std::move(*held)};
  if (auto done = settle(ask, staging.path(), tree, *index); !done) return failed(done);
  if (auto point = failpoint("export.tree.after"); !point) return failed(point);
  return tree;
}

Status remove_other_trees(const std::string& state, const EnvironmentId& id,
                          const std::set<std::string>& keep) {
  const std::string folder = trees_of(state, id);
  const FolderHeld alone = hold_folder_alone(folder);
  if (!alone) return {};
  auto names = list_folder(folder);
  if (!names) return failed(names);
  for (const auto& name : *names) {
    const std::string path = folder + "/" + name;
    const std::string commit = name.substr(0, name.find('.'));
    const bool cut_off = commit.empty() || name.find(removed_mark) != std::string::npos;
    if ((!cut_off && keep.contains(commit)) || !exists(path)) continue;
    auto removed = cut_off ? remove_tree(path) : remove_exported(folder + "/" + commit);
    if (!removed) return removed;
  }
  return {};
}

}  // namespace reconciler
