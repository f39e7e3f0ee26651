// A plan as people read it: TRANSCRIPTS 2 and 5.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/model/plan.hpp"

namespace reconciler {

/// How text is laid out.
struct Page {
  size_t width = 100;
  bool utf8 = true;
  bool colour = false;    ///< the sign alone
  bool terminal = false;  ///< a line may be written over
  size_t height = 24;     ///< of a terminal
};

/// Header, one line a thing, and what it comes to. `explain` adds every differing field.
std::string render(const Plan& plan, const Page& page, bool explain = false);
/// `portfolio/production  v1.2.2 -> v1.2.3   config 4be1d07 "Slugs for projects"`
std::string render_header(const Plan& plan, const Page& page);
/// `what`, and why beside it, or below it where there is no room.
std::string render_header(std::string_view what, std::string_view why, const Page& page);
/// `! release  release`: sign, kind and targets of one line, padded like the plan's.
std::string render_line(const Action& action);
/// What it comes to, counted by kind: `2 to build, 1 release step, 2 services to switch`.
std::string summary(const Plan& plan);
char sign_of(const Action& action);
/// What work of the phase prune takes away, by kind: `2 containers`, `1 network`, `1 image`.
/// Backups are nothing that is counted: which go shows when they do.
std::vector<std::string> things_pruned(const std::vector<Action>& actions);
/// `text`, coloured as the sign `as` is: `+` and `>` green, `-` red, `~` and `!` yellow.
std::string painted(std::string_view text, char as, const Page& page);

}  // namespace reconciler
