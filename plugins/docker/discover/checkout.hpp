// The git repository around a folder, asked of the git program with nothing of the repository's own
// configuration in force that could run a command.
#pragma once

#include <string>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler::docker {

class Checkout {
 public:
  /// The repository that `folder` lies in; `top` is empty where there is none, or no git program.
  static Checkout around(const std::string& folder);

  const std::string& top() const { return top_; }
  const std::string& origin() const { return origin_; }
  const std::string& head() const { return head_; }
  /// Tags that point at HEAD.
  const std::vector<std::string>& tags() const { return tags_; }
  bool has_tag(const std::string& tag) const;
  /// Whether the path (absolute), or something below it, is in HEAD's tree or the index.
  bool tracks(const std::string& path) const;
  /// Whether there is more at or below the path than git has.
  bool lacks(const std::string& path) const;

 private:
  /// Trimmed standard output; empty where it fails.
  std::string ask(std::vector<std::string> arguments) const;

  std::string folder_;
  std::string top_;
  std::string origin_;
  std::string head_;
  std::vector<std::string> tags_;
};

}  // namespace reconciler::docker
