#include "reconciler/git/checkout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr const char* program = "/usr/bin/git";
constexpr Duration quick = 30s;
constexpr Duration with_another_machine = 2min;
constexpr Duration with_hooks = 10min;  // a commit waits for what they test, and for a pass phrase
constexpr size_t largest_file = 1U << 20U;

/// What git, its hooks and its helpers may know of whoever typed the command. Nothing that leads to
/// another repository than the one that is named (GIT_DIR and the like).
constexpr std::array kept{"HOME",
                          "USER",
                          "LOGNAME",
                          "PATH",
                          "LANG",
                          "LC_ALL",
                          "TERM",
                          "EMAIL",
                          "XDG_CONFIG_HOME",
                          "XDG_RUNTIME_DIR",
                          "SSH_AUTH_SOCK",
                          "GPG_TTY",
                          "GNUPGHOME",
                          "GIT_AUTHOR_NAME",
                          "GIT_AUTHOR_EMAIL",
                          "GIT_AUTHOR_DATE",
                          "GIT_COMMITTER_NAME",
                          "GIT_COMMITTER_EMAIL",
                          "GIT_COMMITTER_DATE",
                          "GIT_CONFIG_GLOBAL",
                          "GIT_CONFIG_SYSTEM",
                          "GIT_SSH_COMMAND"};

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> out;
  for (const char* name : kept)
    if (const char* value = std::getenv(name)) out[name] = value;
  return out;
}

std::map<std::string, std::string> environment_of(const passwd& owner) {
  std::map<std::string, std::string> out{{"HOME", owner.pw_dir},
                                         {"USER", owner.pw_name},
                                         {"LOGNAME", owner.pw_name},
                                         {"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  for (const char* name : {"LANG", "LC_ALL", "TERM"})
    if (const char* value = std::getenv(name)) out[name] = value;
  return out;
}

std::string word(const std::string& text) {
  return std::string(trim(text));
}

/// An address with its password would tell it.
std::string without_password(std::string text) {
  for (size_t at = 0; (at = text.find("://", at)) != std::string::npos; at += 3) {
    const size_t end = text.find_first_of("/ '\"\n", at + 3);
    const size_t user = text.rfind('@', end);
    if (user != std::string::npos && user > at) text.erase(at + 3, user - at - 2);
  }
  return text;
}

/// The last lines that git or a hook wrote, as one fact each.
Error with_said(Error e, const Finished& done) {
  std::vector<std::string> lines;
  for (const auto& line : split(done.err.empty() ? done.out : done.err, '\n'))
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  const size_t first = lines.size() > 6 ? lines.size() - 6 : 0;
  for (size_t i = first; i < lines.size(); ++i)
    e.facts.push_back({i == first ? "said" : "", printable(without_password(lines[i]), 200)});
  return e;
}

std::string parent_of(const std::string& file) {
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

/// Replaces a file that must be there already, through no symlink; owner and mode stay.
Status rewrite(const std::string& folder, const std::string& file, const std::string& content) {
  const auto inner = open_beneath(folder, parent_of(file), O_RDONLY | O_DIRECTORY);
  if (!inner) return failure(inner.error());
  const std::string name = file.substr(file.rfind('/') + 1);
  struct stat about {};
  if (::fstatat(inner->get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(about.st_mode))
    return failure(error("checkout.moved", fmt::format("{} is no file any more", file)));
  if (auto done = replace_file(fmt::format("/proc/self/fd/{}/{}", inner->get(), name), content,
                               about.st_mode & 0777U);
      !done)
    return done;
  if (about.st_uid != ::geteuid() &&
      ::fchownat(inner->get(), name.c_str(), about.st_uid, about.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
    return failure(error("file.unwritable", fmt::format("cannot give {} to its owner", file)));
  return {};
}

Result<std::string> content_of(const std::string& folder, const std::string& file) {
  const auto fd = open_beneath(folder, file, O_RDONLY | O_NONBLOCK);
  if (!fd) return failure(fd.error());
  return read_file(fmt::format("/proc/self/fd/{}", fd->get()), largest_file);
}

}  // namespace

std::string Checkout::typed(const std::string& arguments) const {
  return fmt::format("git -C {} {}", folder_, arguments);
}

Result<Finished> Checkout::git(const std::vector<std::string>& arguments, Duration timeout,
                               const std::stop_token& stop) const {
  Command command;
  command.argv = as_owner_;
  command.argv.insert(command.argv.end(), {program, "-C", folder_});
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = environment_;
  command.timeout = timeout;
  command.most_output = 1U << 20U;
  return run_process(command, stop);
}

std::string Checkout::asked(const std::vector<std::string>& arguments,
                            const std::stop_token& stop) const {
  const auto done = git(arguments, quick, stop);
  return done && done->exit_code == 0 ? word(done->out) : "";
}

Result<Checkout> Checkout::open(const std::string& folder, const std::stop_token& stop) {
  if (!exists(program))
    return failure(
        error("git.missing", fmt::format("commits are made with git, and there is no {}", program))
            .next("apt-get install git"));
  Checkout checkout(folder);
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode))
    return failure(error("checkout.none", fmt::format("there is no folder {}", folder)));
  checkout.environment_ = own_environment();
  if (::geteuid() == 0 && about.st_uid != 0) {
    // Its hooks and its configuration are its owner's, and are no reason to run them as root.
    const passwd* owner = ::getpwuid(about.st_uid);
    if (!owner)
      return failure(error("checkout.none", fmt::format("{} belongs to user {}, who is not known "
                                                        "on this machine",
                                                        folder, about.st_uid)));
    checkout.environment_ = environment_of(*owner);
    checkout.as_owner_ = {"/usr/bin/setpriv", fmt::format("--reuid={}", owner->pw_uid),
                          fmt::format("--regid={}", owner->pw_gid), "--init-groups", "--"};
  }
  // Nobody is asked in the middle of it: what needs an answer fails, and says what to type.
  checkout.environment_["GIT_TERMINAL_PROMPT"] = "0";
  auto done =
      checkout.git({"rev-parse", "--is-bare-repository", "--absolute-git-dir"}, quick, stop);
  if (!done) return failed(done);
  const auto lines = split(done->out, '\n');
  if (done->exit_code != 0 || lines.size() < 2)
    return failure(with_said(
        error("checkout.none", fmt::format("{} is no working copy that git reads", folder)),
        *done));
  if (lines[0] == "true")
    return failure(
        error("checkout.bare",
              fmt::format("{} is a bare repository, without working files", folder))
            .next(fmt::format("git clone {} FOLDER, then name that: --repo FOLDER", folder)));
  checkout.git_folder_ = lines[1];
  if (auto found = checkout.find_branch(stop); !found) return failed(found);
  checkout.find_upstream(stop);
  return checkout;
}

Status Checkout::find_branch(const std::stop_token& stop) {
  branch_ = asked({"symbolic-ref", "-q", "--short", "HEAD"}, stop);
  if (branch_.empty())
    return failure(
        error("checkout.detached",
              fmt::format("{} is on no branch (detached HEAD): a commit there belongs to none",
                          folder_))
            .next(typed("switch BRANCH")));
  for (const auto& [mark, what] :
       {std::pair("MERGE_HEAD", "a merge"), std::pair("CHERRY_PICK_HEAD", "a cherry-pick"),
        std::pair("REVERT_HEAD", "a revert"), std::pair("rebase-merge", "a rebase"),
        std::pair("rebase-apply", "a rebase"), std::pair("index.lock", "another git")})
    if (exists(git_folder_ + "/" + mark))
      return failure(error("checkout.busy", fmt::format("{} is not finished in {}", what, folder_))
                         .next(typed("status")));
  return {};
}

void Checkout::find_upstream(const std::stop_token& stop) {
  Upstream found;
  found.remote = asked({"config", "--get", fmt::format("branch.{}.remote", branch_)}, stop);
  found.branch = asked({"config", "--get", fmt::format("branch.{}.merge", branch_)}, stop);
  if (found.remote == ".") return;
  // As GIT_TERMINAL_PROMPT, where it goes by ssh and nobody said how.
  if (!environment_.contains("GIT_SSH_COMMAND") &&
      asked({"config", "--get", "core.sshCommand"}, stop).empty())
    environment_["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes";
  if (found.remote.empty() || found.branch.empty()) {
    const auto remotes = split(asked({"remote"}, stop), '\n');
    const bool origin = std::ranges::find(remotes, "origin") != remotes.end();
    if (!origin && (remotes.size() != 1 || remotes[0].empty())) return;
    found = {origin ? "origin" : remotes[0], branch_};
  }
  constexpr std::string_view heads = "refs/heads/";
  if (found.branch.starts_with(heads)) found.branch.erase(0, heads.size());
  upstream_ = std::move(found);
}

Status Checkout::check_file(const std::string& file, const std::stop_token& stop) const {
  auto status = git({"--no-optional-locks", "status", "--porcelain", "--untracked-files=all",
                     "--ignored", "--", file},
                    quick, stop);
  if (!status) return failed(status);
  if (status->exit_code != 0)
    return failure(with_said(error("checkout.none", "git cannot tell how it is"), *status));
  const std::string_view how = std::string_view(status->out).substr(0, 2);
  if (how == "??" || how == "!!")
    return failure(error("checkout.dirty", fmt::format("{} is not in git", file))
                       .next(typed(fmt::format("add -- {}, and commit it", file))));
  if (!how.empty())
    return failure(
        error("checkout.dirty",
              fmt::format("{} has changes that are not committed, and they would go along", file))
            .next(fmt::format("{}; then commit them, or take them back: {}",
                              typed("diff HEAD -- " + file),
                              typed("restore --staged --worktree -- " + file))));
  const std::string folder = fmt::format("{}/{}", folder_, parent_of(file));
  for (const auto& needed : {folder, git_folder_})
    if (::access(needed.c_str(), W_OK) != 0)
      return failure(error("checkout.read_only", fmt::format("{} cannot be written to", needed))
                         .next("set it where you may write, and push; or as its owner"));
  auto who = git({"var", "GIT_COMMITTER_IDENT"}, quick, stop);
  if (!who) return failed(who);
  if (who->exit_code != 0)
    return failure(error("checkout.no_identity", "git does not know who commits")
                       .next(fmt::format("{}, and user.email alike",
                                         typed("config --global user.name \"Your Name\""))));
  return {};
}

std::vector<std::string> Checkout::uncommitted(const std::string& under,
                                               const std::stop_token& stop) const {
  const std::string where = under.empty() ? "." : under;
  std::vector<std::string> files;
  for (const auto& text :
       {asked({"--no-optional-locks", "diff", "--name-only", "-z", "HEAD", "--", where}, stop),
        asked({"ls-files", "--others", "--exclude-standard", "-z", "--", where}, stop)})
    for (auto& file : split(text, '\0'))
      if (!file.empty()) files.push_back(std::move(file));
  return files;
}

Checkout::Distance Checkout::distance(const std::stop_token& stop) const {
  Distance far;
  if (!upstream_) return far;
  const auto text =
      asked({"rev-list", "--left-right", "--count",
             fmt::format("HEAD...refs/remotes/{}/{}", upstream_->remote, upstream_->branch)},
            stop);
  const auto tab = text.find('\t');
  if (tab == std::string::npos) return far;  // nothing is there yet
  std::from_chars(text.data(), text.data() + tab, far.ahead);
  std::from_chars(text.data() + tab + 1, text.data() + text.size(), far.behind);
  return far;
}

Status Checkout::check_behind(const std::stop_token& stop) const {
  const Distance far = distance(stop);
  if (far.behind == 0) return {};
  return failure(
      error("checkout.behind", fmt::format("{} in {} is {} behind {} of {}", branch_, folder_,
                                           count(static_cast<size_t>(far.behind), "commit"),
                                           upstream_->branch, upstream_->remote))
          .next(typed("pull --rebase")));
}

Status Checkout::check_push(const std::stop_token& stop) const {
  if (!upstream_)
    return failure(error("checkout.no_remote",
                         fmt::format("{} in {} has no remote to be pushed to", branch_, folder_))
                       .next("leave --push away; or: " + typed("remote add origin URL")));
  auto fetched = git({"fetch", "--quiet", upstream_->remote}, with_another_machine, stop);
  if (!fetched) return failed(fetched);
  if (fetched->exit_code != 0)
    return failure(
        with_said(error("checkout.unreachable",
                        fmt::format("{} cannot be asked where {} is", upstream_->remote, branch_)),
                  *fetched)
            .next(
                fmt::format("leave --push away; or see: {}", typed("fetch " + upstream_->remote))));
  if (auto behind = check_behind(stop); !behind) return behind;
  if (const Distance far = distance(stop); far.ahead > 0)
    return failure(
        error("checkout.unpushed",
              fmt::format("{} in {} has {} that {} not pushed, and would go along", branch_,
                          folder_, count(static_cast<size_t>(far.ahead), "commit"),
                          far.ahead == 1 ? "is" : "are"))
            .next(fmt::format("push first: {}; or leave --push away", typed("push"))));
  return {};
}

Result<std::string> Checkout::commit(const std::string& file, const std::string& before,
                                     const std::string& content, const std::string& message,
                                     const std::stop_token& stop) const {
  auto now = content_of(folder_, file);
  if (!now) return failed(now);
  if (*now != before)
    return failure(error("checkout.moved", fmt::format("{} was changed meanwhile", file))
                       .next(typed("diff -- " + file)));
  const std::string head = asked({"rev-parse", "HEAD"}, stop);
  if (auto point = failpoint("checkout.commit.before"); !point) return failed(point);
  if (auto written = rewrite(folder_, file, content); !written) return failed(written);
  auto done = git({"commit", "--quiet", "--only", "-m", message, "--", file}, with_hooks, stop);
  if (auto point = failpoint("checkout.commit.after"); !point) return failed(point);
  // A stop may come when it is made already.
  if (auto commit = asked({"rev-parse", "HEAD"}, {}); !commit.empty() && commit != head)
    return commit;
  if (const auto left = content_of(folder_, file); left && *left == content)
    if (auto back = rewrite(folder_, file, before); !back) return failed(back);
  if (!done) return failed(done);
  return failure(
      with_said(
          error("checkout.refused", fmt::format("git did not commit it; {} is as it was", file)),
          *done)
          .next(fmt::format("mend what it says; by hand it is: {}",
                            typed(fmt::format("commit -m \"{}\" -- {}", message, file)))));
}

Status Checkout::push(const std::string& commit, const std::stop_token& stop) const {
  const std::string to = fmt::format("HEAD:refs/heads/{}", upstream_->branch);
  if (auto point = failpoint("checkout.push.before"); !point) return point;
  auto done = git({"push", "--porcelain", upstream_->remote, to}, with_another_machine, stop);
  if (auto point = failpoint("checkout.push.after"); !point) return point;
  if (done && done->exit_code == 0) return {};
  const std::string stays =
      fmt::format("{} stays on {} in {}, not pushed", commit.substr(0, 7), branch_, folder_);
  if (!done) return failure(std::move(done.error()).with("commit", stays).next(typed("push")));
  // `!\tHEAD:refs/heads/main\t[remote rejected] (pre-receive hook declined)`
  std::string why;
  for (const auto& line : split(done->out, '\n'))
    if (const auto bracket = line.find('('); line.starts_with("!") && bracket != std::string::npos)
      why = ": " + printable(line.substr(bracket + 1, line.rfind(')') - bracket - 1), 100);
  Error e = error("checkout.push_refused",
                  fmt::format("{} did not take {}{}", upstream_->remote, upstream_->branch, why))
                .with("commit", stays);
  if (!done->err.empty()) e = with_said(std::move(e), *done);
  e.hint = fmt::format("push it to a branch of its own: {}; or take it back: {}",
                       typed(fmt::format("push {} HEAD:refs/heads/BRANCH", upstream_->remote)),
                       typed("reset --keep HEAD~1"));
  return failure(std::move(e));
}

}  // namespace reconciler
