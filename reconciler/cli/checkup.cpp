#include "reconciler/cli/checkup.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "reconciler/base/backups.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/size.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/ago.hpp"
#include "reconciler/compile.hpp"
#include "reconciler/git/ask_commit.hpp"
#include "reconciler/git/mirror.hpp"
#include "reconciler/ledger/examine.hpp"
#include "reconciler/ledger/holders.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/manifest/served.hpp"

namespace reconciler::cli {
namespace {

using namespace std::chrono_literals;
using Grade = Noted::Grade;

constexpr Duration ask_within{15s};
/// What the ledger, trees and models of a few deploys take.
constexpr std::int64_t little = 500'000'000;
constexpr std::int64_t hardly_any = 50'000'000;

Noted from_error(Grade grade, std::string kind, const Error& why) {
  Noted finding{grade, std::move(kind), why.message, why.facts};
  if (why.place.line > 0)
    finding.what = fmt::format("{}:{}: {}", why.place.file, why.place.line, why.message);
  if (!why.hint.empty()) finding.facts.push_back({"mend", why.hint});
  return finding;
}

std::optional<struct stat> about(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return found;
}

/// Where the host file puts a file of the tree; empty where it lies in the tree itself.
std::string real_path(const Host& host, const EnvironmentId& id, const std::string& path) {
  const auto own = host.environments.find(id.text());
  if (own == host.environments.end()) return "";
  for (const auto& [place, real] : own->second.files)
    if (lies_under(path, place)) return real + clean_path(path).substr(clean_path(place).size());
  return "";
}

void check_env_files(const Host& host, const EnvironmentSpec& spec, std::vector<Noted>& into) {
  for (const auto& file : spec.env_files) {
    const std::string real = real_path(host, spec.id, file.path);
    if (real.empty()) continue;
    const auto found = about(real);
    if (!found)
      into.push_back({Grade::mend,
                      "variables",
                      fmt::format("{}: {} cannot be looked at: {}", spec.id.text(), real,
                                  std::strerror(errno)),
                      {{"mend", fmt::format("put it there, or mend `files` of {} in {}",
                                            spec.id.text(), host.file)}}});
    else if ((found->st_mode & 0004U) != 0)
      into.push_back({Grade::mend,
                      "variables",
                      fmt::format("{}: {} is readable by everyone", spec.id.text(), real),
                      {{"mend", "chmod 600 " + real}}});
  }
}

/// One repository; what was read of it last, where something was.
std::optional<Snapshot> check_repository(Context& context, const Repository& repository,
                                         const std::stop_token& stop, std::vector<Noted>& into) {
  const Mirror mirror(context.options().state, repository, MirrorOf::config, context.helper(),
                      context.clock());
  auto last = mirror.last();
  const auto now = ask_commit(repository, context.helper(), ask_within, stop);
  const std::string had =
      last ? fmt::format("fetched {} ago, {} at {}", ago(last->fetched_at, context.clock().wall()),
                         last->branch, last->commit.substr(0, 7))
           : "never fetched";
  Noted finding{Grade::well, "git", fmt::format("{}: {}", repository.name, had)};
  if (!now) {
    // A forge that is away stops nothing that was fetched.
    finding = from_error(last ? Grade::watch : Grade::mend, "git", now.error());
    finding.what = fmt::format("{}: {}; {}", repository.name, had, finding.what);
  } else if (last && last->moved_backwards) {
    finding.grade = Grade::mend;
    finding.what += fmt::format("; its history was rewritten, {} is there now", now->substr(0, 7));
    finding.facts.push_back({"mend",
                             "push a commit that descends from the one that was fetched; to "
                             "accept what is there: reconciler plan, which says how"});
  } else if (!last || *now != last->commit) {
    finding.what += fmt::format("; {} is there now", now->substr(0, 7));
  }
  into.push_back(std::move(finding));
  if (!last) return std::nullopt;
  return std::move(*last);
}

/// Whoever else may write there may put another one in a backup's place, and its checksum with it;
/// or may put another folder, of those above it, there.
std::optional<Noted> check_who_writes(const std::string& folder, int above) {
  const auto found = about(folder);
  const auto slash = folder.rfind('/');
  if (above > 0 && slash != std::string::npos && slash > 0)
    if (auto noted = check_who_writes(folder.substr(0, slash), above - 1)) return noted;
  if (!found) return std::nullopt;
  if (found->st_uid != 0 && found->st_uid != ::geteuid())
    return Noted{Grade::mend,
                 "backups",
                 fmt::format("{} belongs to user {}, who may put anything in a backup's place",
                             folder, found->st_uid),
                 {{"mend", fmt::format("chown {} {}", ::geteuid(), shell_word(folder))}}};
  if ((found->st_mode & 0022U) == 0 || (found->st_mode & S_ISVTX) != 0) return std::nullopt;
  return Noted{Grade::mend,
               "backups",
               fmt::format("{} can be written by others (mode {:04o}), who may put anything in a "
                           "backup's place",
                           folder, found->st_mode & 07777U),
               {{"mend", "chmod go-w " + shell_word(folder)}}};
}

/// The newest one; that it could be brought back is shown by bringing it back alone.
Noted check_backups(const EnvironmentSpec& spec, const BackupFolder& folder, WallTime now) {
  const std::string id = spec.id.text();
  const std::string make = "reconciler backup " + id;
  const auto there = folder.list();
  if (!there) return from_error(Grade::mend, "backups", there.error());
  if (there->empty())
    return {Grade::watch,
            "backups",
            fmt::format("{} has none in {}", id, folder.path()),
            {{"mend", make}}};
  const Backup& newest = there->front();
  // What takes long to read is left to who brings it back.
  constexpr std::uint64_t quickly_read = 2'000'000'000;
  const bool looked = newest.size <= quickly_read;
  const auto whole = looked ? folder.open(newest.name) : Result<Descriptor>(Descriptor());
  if (!whole) {
    Noted wrong = from_error(Grade::mend, "backups", whole.error());
    wrong.facts.push_back({"mend", make});
    return wrong;
  }
  const auto age = std::chrono::duration_cast<Duration>(now - newest.written);
  Noted noted{Grade::well, "backups",
              fmt::format("newest of {}: {} old, {}, checksum {}", id, ago(newest.written, now),
                          size_for_people(static_cast<std::int64_t>(newest.size)),
                          looked ? "right" : "not looked at")};
  if (spec.backup_every && age > *spec.backup_every + *spec.backup_every / 2) {
    noted.grade = Grade::mend;
    noted.what += fmt::format("; one is due every {}", for_people(*spec.backup_every));
    noted.facts.push_back({"mend", make + ", which says why it fails; is `run` running?"});
  }
  return noted;
}

/// Somebody put it there to bring it back, and would look for it in the night.
void note_passed_over(const BackupFolder& folder, std::vector<Noted>& into) {
  const auto none = folder.passed_over();
  if (!none) return;  // the list says it
  for (const auto& one : *none) {
    Noted noted{Grade::watch, "backups", fmt::format("{}/{} {}", folder.path(), one.name, one.why)};
    if (!one.mend.empty()) noted.facts.push_back({"mend", "if it is whole: " + one.mend});
    into.push_back(std::move(noted));
  }
}

/// The folder, or the nearest above it that is there.
std::string standing(std::string path) {
  while (path.size() > 1 && !exists(path)) {
    const auto slash = path.rfind('/');
    path = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  }
  return path;
}

std::optional<Noted> check_disk(const std::string& folder) {
  struct statvfs room {};
  if (::statvfs(folder.c_str(), &room) != 0) return std::nullopt;
  const auto left = static_cast<std::int64_t>(room.f_bavail * room.f_frsize);
  if (left >= little) return std::nullopt;
  return Noted{left < hardly_any ? Grade::mend : Grade::watch,
               "disk",
               fmt::format("{} has {} left", folder, size_for_people(left)),
               {{"mend", "make room: the ledger, trees and compiled models lie there"}}};
}

/// What keeps us from writing there.
std::optional<Noted> check_writable(const std::string& state, const std::string& folder) {
  if (::access(folder.c_str(), W_OK) == 0) return std::nullopt;
  const int why = errno;
  return Noted{Grade::mend,
               "state",
               fmt::format("{} cannot be written: {}", folder, std::strerror(why)),
               {{"mend", why == EROFS ? fmt::format("mount it to be written, or name another "
                                                    "folder than {} with --state-dir",
                                                    state)
                                      : "run it as root, or name another folder: --state-dir"}}};
}

std::string zone() {
  std::array<char, 256> target{};
  const ssize_t n = ::readlink("/etc/localtime", target.data(), target.size() - 1);
  if (n <= 0) return "UTC";
  const std::string_view path(target.data(), static_cast<size_t>(n));
  constexpr std::string_view root = "zoneinfo/";
  const auto at = path.find(root);
  return printable(at == std::string_view::npos ? path : path.substr(at + root.size()), 60);
}

Noted check_clock(const std::optional<WallTime>& newest, WallTime now) {
  if (newest && *newest > now + 60s)
    return {Grade::mend,
            "clock",
            fmt::format("it is {}, and the ledger has a run of {}", to_text(now), to_text(*newest)),
            {{"mend", "set the clock, and keep it in step: timedatectl set-ntp true"}}};
  timex told{};
  if (::adjtimex(&told) >= 0 && (told.status & STA_UNSYNC) == 0)
    return {Grade::well, "clock", "in step, " + zone()};
  return {Grade::watch,
          "clock",
          fmt::format("{}, {}; nothing tells that it is kept in step", to_text(now), zone()),
          {{"mend", "timedatectl set-ntp true; or install chrony"}}};
}

}  // namespace

std::vector<Noted> check_host_file(Context& context) {
  auto host = context.host();
  if (!host) {
    std::vector<Noted> all;
    for (const auto& mistake : flatten(host.error()))
      all.push_back(from_error(Grade::mend, "host file", mistake));
    return all;
  }
  const std::string& path = (*host)->file;
  if (path.empty())
    return {{Grade::watch,
             "host file",
             "there is none; the defaults serve",
             {{"mend",
               "/etc/reconciler/host.yaml names the repositories, and what this machine "
               "allows; --host-file names another"}}}};
  const auto found = about(path);
  if (found && (found->st_mode & 0022U) != 0)
    return {
        {Grade::mend,
         "host file",
         fmt::format("{} can be written by others (mode {:04o}): whoever does decides what this "
                     "machine allows",
                     path, found->st_mode & 07777U),
         {{"mend", "chmod 644 " + path}}}};
  return {{Grade::well, "host file",
           fmt::format("{}: host \"{}\", {}", path, (*host)->name,
                       count((*host)->repositories.size(), "repository", "repositories"))}};
}

std::vector<Noted> check_repositories(Context& context, std::stop_token stop) {
  std::vector<Noted> all;
  auto host = context.host();
  if (!host) return all;  // said of the host file already
  if ((*host)->repositories.empty())
    return {{Grade::mend,
             "git",
             "no config repository is named",
             {{"mend",
               "`repositories:` in /etc/reconciler/host.yaml, or reconciler --repo "
               "PATH|URL"}}}};
  std::vector<Manifests> read;
  for (const auto& repository : (*host)->repositories) {
    const auto last = check_repository(context, repository, stop, all);
    if (!last) continue;
    auto manifests = read_manifests(last->folder, root_name_of(repository));
    if (!manifests)
      all.push_back(from_error(Grade::mend, "manifests", manifests.error()));
    else
      read.push_back(std::move(*manifests));
  }
  const Manifests ours = served(std::move(read), **host);
  for (const auto& broken : ours.broken)
    for (const auto& mistake : flatten(broken.error))
      all.push_back(from_error(Grade::mend, "manifests", mistake));
  for (const auto& spec : ours.environments) {
    check_env_files(**host, spec, all);
    if (!member(spec.sections, "backup")) continue;
    const BackupFolder folder(backups_of(**host, context.options().state, spec.id));
    all.push_back(check_backups(spec, folder, context.clock().wall()));
    note_passed_over(folder, all);
    constexpr int root_app = 2;
    if (auto writes = check_who_writes(folder.path(), root_app)) all.push_back(std::move(*writes));
  }
  return all;
}

std::vector<Noted> check_state_and_clock(Context& context) {
  std::vector<Noted> all;
  const std::string& state = context.options().state;
  const std::string there = standing(state);
  auto exam = examine_ledger(state);
  auto unwritable = check_writable(state, there);
  std::optional<WallTime> newest;
  if (!exam) {
    all.push_back(from_error(Grade::mend, "state", exam.error()));
  } else if (*exam) {
    newest = (*exam)->newest;
    Noted finding{Grade::well, "state",
                  fmt::format("{}: ledger whole, {}, {}", state,
                              count(static_cast<size_t>((*exam)->runs), "run"),
                              size_for_people((*exam)->bytes))};
    if ((*exam)->loss) finding = from_error(Grade::watch, "state", *(*exam)->loss);
    all.push_back(std::move(finding));
  } else if (!unwritable) {
    all.push_back({Grade::well, "state",
                   there == state
                       ? fmt::format("{}: no ledger yet; the first plan makes it", state)
                       : fmt::format("{} is not there yet; the first plan makes it", state)});
  }
  if (unwritable && exam) all.push_back(std::move(*unwritable));
  if (auto disk = check_disk(there)) all.push_back(std::move(*disk));
  for (const auto& [what, holder] : held_locks(state))
    all.push_back(what == "run"
                      ? Noted{Grade::well, "run", holder}
                      : Noted{Grade::well, "locks", fmt::format("{} is held by {}", what, holder)});
  if (!service_runs(state))
    all.push_back({Grade::watch,
                   "run",
                   "nobody runs it here: what dies is not started again, and no commit is applied",
                   {{"mend", "systemctl enable --now reconciler; or: reconciler run"}}});
  all.push_back(check_clock(newest, context.clock().wall()));
  return all;
}

}  // namespace reconciler::cli
