// A person's working copy of a repository. Commits are made by the git program, as the one whom the
// working copy belongs to runs it: identity, hooks, signatures and credentials are theirs, and
// nothing of it is read here.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/process.hpp"

namespace reconciler {

/// Where a branch is pushed to.
struct Upstream {
  std::string remote;  ///< `origin`
  std::string branch;  ///< there
};

class Checkout {
 public:
  /// `git.missing`, `checkout.none`, `checkout.bare`, `checkout.detached`, `checkout.busy`.
  static Result<Checkout> open(const std::string& folder, const std::stop_token& stop = {});

  const std::string& folder() const { return folder_; }
  const std::string& branch() const { return branch_; }
  /// Of the branch; else the only remote there is, or `origin`.
  const std::optional<Upstream>& upstream() const { return upstream_; }

  /// Whether one file could be committed: `checkout.dirty` (changed, staged or not known to git),
  /// `checkout.read_only`, `checkout.no_identity`.
  Status check_file(const std::string& file, const std::stop_token& stop = {}) const;
  /// Files under a folder (empty: all) that are not as they were committed last, or not in git and
  /// not ignored; none where git cannot tell.
  std::vector<std::string> uncommitted(const std::string& under,
                                       const std::stop_token& stop = {}) const;
  /// Whether the branch is where it was fetched last, or not behind it: `checkout.behind`. Asks
  /// nobody.
  Status check_behind(const std::stop_token& stop = {}) const;
  /// Whether a commit could be pushed, alone; asks the remote. `checkout.no_remote`,
  /// `checkout.unreachable`, `checkout.behind`, `checkout.unpushed`.
  Status check_push(const std::stop_token& stop = {}) const;

  /// Writes `content` in the place of `before` and commits that file alone, whatever else is staged
  /// or changed. The commit. Where git refuses, the file is as it was: `checkout.refused`,
  /// `checkout.moved`.
  Result<std::string> commit(const std::string& file, const std::string& before,
                             const std::string& content, const std::string& message,
                             const std::stop_token& stop = {}) const;
  /// `checkout.push_refused`: the commit stays.
  Status push(const std::string& commit, const std::stop_token& stop = {}) const;

 private:
  explicit Checkout(std::string folder) : folder_(std::move(folder)) {}
  Result<Finished> git(const std::vector<std::string>& arguments, Duration timeout,
                       const std::stop_token& stop) const;
  /// What it prints; empty where it fails.
  std::string asked(const std::vector<std::string>& arguments, const std::stop_token& stop) const;
  /// As git's own messages begin.
  std::string typed(const std::string& arguments) const;
  Status find_branch(const std::stop_token& stop);
  void find_upstream(const std::stop_token& stop);
  /// Commits here and not there, and there and not here.
  struct Distance {
    int ahead = 0;
    int behind = 0;
  };
  Distance distance(const std::stop_token& stop) const;

  std::string folder_;
  std::string git_folder_;
  std::vector<std::string> as_owner_;  ///< what git is run through
  std::map<std::string, std::string> environment_;
  std::string branch_;
  std::optional<Upstream> upstream_;
};

}  // namespace reconciler
