// Lines at the end of what a terminal shows that are written over, in as few bytes as that takes.
#pragma once

#include <string>
#include <vector>

#include "reconciler/plan/render.hpp"

namespace reconciler::cli {

/// The cursor stays where the last of them begins: what a person types (`^C`) then stands where it
/// is written over, and a program that dies leaves nothing to put right. A terminal that became
/// narrower meanwhile has wrapped what was shown, as those in use do.
class LiveLines {
 public:
  /// Bytes that take away what is shown: the cursor is where its first line began.
  std::string erase(const Page& page);
  /// Bytes that show `lines` in the place of those before, each cut to one line of the page, and
  /// no more of them than it is high.
  std::string show(std::vector<std::string> lines, const Page& page);
  /// They stay where they are, and what follows stands below.
  std::string leave();
  /// Others wrote meanwhile: what was shown is anywhere.
  void forget() { shown_.clear(); }
  bool empty() const { return shown_.empty(); }

 private:
  std::vector<std::string> shown_;
  size_t width_ = 0;  ///< that they were cut for
};

}  // namespace reconciler::cli
