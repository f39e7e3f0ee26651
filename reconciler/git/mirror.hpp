// One repository as this host has it, under STATE/repositories/NAME:
//
//   mirror.git     the bare mirror; only the helper opens it
//   refs.json      what was last fetched (snapshot.hpp); replaced as a whole
//   trees/COMMIT   a config repository's manifests at that commit, as files
//   prefixes.json  short commit ids that were asked for before
//   lock           held while fetching
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "reconciler/base/helper.hpp"
#include "reconciler/git/snapshot.hpp"
#include "reconciler/model/host.hpp"

namespace reconciler {

/// What a repository is here for. Only a config repository's branch must move forward, and only its
/// files are kept; a source is asked for tags and commits.
enum class MirrorOf { config, source };

class Mirror {
 public:
  /// `state` is the state folder. The helper and the clock must outlive the mirror.
  Mirror(const std::string& state, Repository repository, MirrorOf use, Helper& helper,
         const Clock& clock);

  /// Asks the other side. Where nothing is new there, one helper process runs and nothing else.
  /// `git.history_rewritten` when the branch does not lead on from the commit that is had: that
  /// commit stays, and last() says so. `git.unreachable` and others as the helper says; whatever
  /// fails, last() goes on answering as before.
  Result<Snapshot> fetch(Duration timeout, const std::stop_token& stop = {});
  /// The same, the mirror made anew: for when it turned out to be damaged.
  Result<Snapshot> fetch_anew(Duration timeout, const std::stop_token& stop = {});
  /// What was last fetched; starts no process. `git.never_fetched` where nothing was.
  Result<Snapshot> last() const;

  /// What was last fetched, with the manifests of another commit of it in `folder`, which is there
  /// for as long as `held` lives. Starts the helper where they are not there yet.
  Result<Snapshot> with_manifests_of(const std::string& commit, Duration timeout,
                                     const std::stop_token& stop = {});

  /// The whole id of the commit that begins with `prefix` (7 to 40 hexadecimal digits). Starts the
  /// helper the first time only. `git.commit_not_found`, `git.commit_ambiguous`.
  Result<std::string> find_commit(const std::string& prefix, Duration timeout,
                                  const std::stop_token& stop = {});

  /// STATE/repositories/NAME
  const std::string& folder() const { return folder_; }
  const Repository& repository() const { return repository_; }

 private:
  Result<Snapshot> fetch(Duration timeout, const std::stop_token& stop, bool anew);
  Result<Snapshot> take(const Json& answer, const std::optional<Snapshot>& before,
                        const Deadline& deadline, const std::stop_token& stop);
  Result<Json> ask(const std::optional<Snapshot>& before, bool anew, const Deadline& deadline,
                   const std::stop_token& stop);
  Status keep_manifests(const std::string& commit, const Deadline& deadline,
                        const std::stop_token& stop);
  Result<std::map<std::string, Change>> touched(const Snapshot& now,
                                                const std::optional<Snapshot>& before,
                                                const Deadline& deadline,
                                                const std::stop_token& stop);
  Error explained(Error e, const std::optional<Snapshot>& before, Duration timeout) const;
  Error rewritten(const Snapshot& before) const;
  Result<Snapshot> stored() const;
  Status store(const Snapshot& snapshot) const;
  std::string tree_of(const std::string& commit) const;
  bool has_manifests(const std::string& commit) const;
  Status remove_manifests(const std::string& commit) const;
  /// Unless somebody reads some; the next fetch finds them still.
  void remove_other_manifests(const std::string& commit) const;

  std::string state_;
  std::string folder_;
  Repository repository_;
  MirrorOf use_;
  Helper& helper_;
  const Clock& clock_;
};

}  // namespace reconciler
