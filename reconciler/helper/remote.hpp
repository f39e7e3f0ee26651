// A connection to a repository on another machine (or at a path of this one).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "reconciler/helper/libgit.hpp"
#include "reconciler/helper/url.hpp"

namespace reconciler::helper {

/// Where to, and with what. No part of it but the URL ever enters a message.
struct Access {
  std::string url;
  Url parsed;
  std::string ssh_key;                               ///< path of a private key
  std::string known_hosts;                           ///< path; without it no ssh server is trusted
  std::int64_t most_bytes = std::int64_t{4} << 30U;  ///< to take in one fetch
};

/// A branch or a tag: what it names, and the commit that is found there (an annotated tag names an
/// object of its own).
struct Ref {
  git_oid target{};
  git_oid commit{};
};

/// What the other side has: `refs/heads/*` and `refs/tags/*`, and the branch that its HEAD names
/// (empty when it names none).
struct Listing {
  std::map<std::string, Ref> refs;
  std::string head;
};

class Connection {
 public:
  /// `git.auth`, `git.host_key`, `git.certificate`, `git.unreachable` (transient).
  static Result<Connection> open(git_repository* into, const Access& access);
  /// Asks for names alone; nothing is downloaded.
  Result<Listing> list();
  /// Brings every object that the listed branches and tags need; moves no reference. Also
  /// `git.too_large`, and `git.corrupt` when our own mirror is what cannot be read.
  Status download();

  struct State;  // what callbacks read and write; its address stays
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

 private:
  Connection(std::unique_ptr<State> state, Remote remote);
  std::unique_ptr<State> state_;
  Remote remote_;
};

}  // namespace reconciler::helper
