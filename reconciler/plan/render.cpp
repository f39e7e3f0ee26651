#include "reconciler/plan/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reconciler/base/columns.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr size_t kind_width = 8;

/// One line of the plan: actions of one kind that have one reason.
struct Line {
  char sign = ' ';
  std::string kind;
  Phase phase = Phase::supply;
  std::vector<std::string> titles;
  std::string reason;
  std::vector<const Action*> actions;
};

bool shares_line(const Line& line, const Action& action) {
  if (line.phase != action.work.phase || line.kind != action.work.verb) return false;
  if (action.work.phase == Phase::release || action.work.phase == Phase::after) return false;
  if (action.work.phase == Phase::verify) return true;
  return action.work.phase == Phase::record || line.reason == action.reason;
}

std::vector<Line> lines_of(const Plan& plan) {
  std::vector<Line> lines;
  for (const auto& action : plan.actions) {
    auto found = std::find_if(lines.begin(), lines.end(),
                              [&](const Line& l) { return shares_line(l, action); });
    if (found == lines.end()) {
      lines.push_back(
          {sign_of(action), action.work.verb, action.work.phase, {}, action.reason, {}});
      found = lines.end() - 1;
    }
    found->titles.push_back(action.title);
    found->actions.push_back(&action);
  }
  // The ledger's own row goes without saying where state files say the same.
  for (auto& line : lines)
    if (line.phase == Phase::record && line.titles.size() > 1 &&
        line.actions[0]->work.targets[0].driver == "ledger")
      line.titles.erase(line.titles.begin());
  // Every check has the same reason, and what is recorded needs none.
  for (auto& line : lines)
    if (line.phase == Phase::verify || line.phase == Phase::record) line.reason.clear();
  const auto last =
      std::find_if(lines.rbegin(), lines.rend(), [](const Line& line) { return line.sign == '~'; });
  if (last != lines.rend() && !plan.stays.empty())
    last->reason +=
        fmt::format("  ({} {})", join(plan.stays, ", "), plan.stays.size() == 1 ? "stays" : "stay");
  return lines;
}

/// Sentences of a page. In a pipe each stays on its line: what reads them looks for whole ones.
std::string sentence(std::string_view text, size_t indent, const Page& page) {
  return wrapped(text, indent, page.terminal ? page.width : std::string::npos);
}

/// Broken after commas, and where that is not enough between words.
std::string reason_below(const std::string& reason, size_t indent, const Page& page) {
  std::string out;
  for (const auto& line : split(wrapped(reason, indent, page.width, ", "), '\n'))
    out +=
        (out.empty() ? "" : "\n" + std::string(indent, ' ')) + sentence(trim(line), indent, page);
  return out;
}

/// Where reasons stand below each other; a line that is longer than most has its own behind it.
size_t width_of_targets(const std::vector<Line>& lines) {
  constexpr size_t most = 46;
  size_t widest = 0;
  for (const auto& line : lines)
    if (const size_t width = columns_of(join(line.titles, ", "));
        !line.reason.empty() && width <= most)
      widest = std::max(widest, width);
  return widest;
}

void write_line(std::string& out, const Line& line, size_t target_width, const Page& page) {
  const std::string sign = painted(std::string(1, line.sign), line.sign, page);
  const std::string lead = fmt::format("  {} {:<{}} ", sign, line.kind, kind_width);
  const size_t indent = 2 + 1 + 1 + kind_width + 1;
  const std::string targets = join(line.titles, ", ");
  const size_t reason_at = indent + std::max(columns_of(targets), target_width) + 3;
  if (line.reason.empty())
    out += lead + wrapped(targets, indent, page.width, ", ") + "\n";
  else if (reason_at + columns_of(line.reason) <= page.width)
    out += fmt::format("{}{}   {}\n", lead, padded(targets, target_width), line.reason);
  else
    out += fmt::format("{}{}\n{}{}\n", lead, wrapped(targets, indent, page.width, ", "),
                       std::string(indent + 2, ' '), reason_below(line.reason, indent + 2, page));
}

/// Services that change together are one action, and are counted as many.
size_t things_in(const Work& work) {
  const auto services = std::ranges::count(work.targets, "service", &ResourceId::kind);
  return services > 1 ? static_cast<size_t>(services) : 1;
}

/// `closed  approval   0 of 1; opens with: reconciler approve ...`
std::string gates_of(const Plan& plan, const Page& page) {
  constexpr size_t indent = 21;
  std::string out;
  for (const auto& gate : plan.gates) {
    std::string line =
        fmt::format("  {:<6}  {:<10} {}", gate.open ? "open" : "closed", gate.name, gate.why);
    if (!gate.open) {
      const std::string opens = "opens with: " + gate.opens_when;
      line += columns_of(line) + 2 + columns_of(opens) <= page.width
                  ? "; " + opens
                  : "\n" + std::string(indent, ' ') + sentence(opens, indent, page);
    }
    out += line + "\n";
  }
  return out.empty() ? out : out + "\n";
}

/// One field each: `web  environment COLOUR is blue, wanted red`.
std::string reported_of(const Plan& plan, const Page& page) {
  size_t widest = 0;
  for (const auto& action : plan.reported) widest = std::max(widest, action.title.size());
  std::string out;
  for (const auto& action : plan.reported) {
    const auto row = [&](const std::string& text) {
      out += fmt::format("  drift    {:<{}}   {}\n", action.title, widest,
                         sentence(text, 11 + widest + 3, page));
    };
    if (action.differences.empty()) row(action.reason);
    for (const auto& d : action.differences)
      row(d.before.empty() && d.after.empty()
              ? d.field + " differs"
              : fmt::format("{} is {}, wanted {}", d.field,
                            d.before.empty() ? "not there" : d.before,
                            d.after.empty() ? "none" : d.after));
  }
  return out.empty() ? out : out + "\n";
}

std::string explained(const std::string& title, const Difference& d) {
  return fmt::format("{}: {}{}", title, d.field,
                     d.before.empty() && d.after.empty()
                         ? " changed"
                         : fmt::format(": {} -> {}", d.before.empty() ? "nothing" : d.before,
                                       d.after.empty() ? "nothing" : d.after));
}

/// What git asks for, and why it is not that.
std::string why_held(const Target& held) {
  const std::string why = fmt::format("({}): {}", held.reason, held.why);
  if (held.failed_tag.empty())
    return fmt::format("git asks for {}, which is not what is wanted now {}", held.rejected_tag,
                       why);
  if (held.rejected_tag.empty())
    return fmt::format("back to what git asks for; {}, wanted instead, failed {}", held.failed_tag,
                       why);
  if (held.failed_tag != held.rejected_tag)
    return fmt::format("git asks for {}, which is held off; {}, wanted instead, failed {}",
                       held.rejected_tag, held.failed_tag, why);
  return fmt::format("git asks for {}, which was rejected {}", held.rejected_tag, why);
}

/// Why nothing of it is performed.
std::string nothing_done(const Plan& plan) {
  const std::string runs_on =
      plan.from.empty() || !plan.left_alone.empty() ? "" : fmt::format("; {} runs on", plan.from);
  const std::string changed = "Nothing was changed" + runs_on + ".\n";
  if (plan.suspended) return "Suspended. " + changed;
  if (plan.closed() == 0) return "";
  return fmt::format("Blocked by {}. ", count(static_cast<size_t>(plan.closed()), "gate")) +
         changed;
}

}  // namespace

std::vector<std::string> things_pruned(const std::vector<Action>& actions) {
  size_t containers = 0;
  size_t networks = 0;
  size_t images = 0;
  for (const auto& action : actions) {
    const std::string kind = action.work.targets.empty() ? "" : action.work.targets[0].kind;
    if (action.artifact)
      ++images;
    else if (kind == "network")
      ++networks;
    else if (kind != "backups")
      ++containers;
  }
  std::vector<std::string> parts;
  if (containers > 0) parts.push_back(count(containers, "container"));
  if (networks > 0) parts.push_back(count(networks, "network"));
  if (images > 0) parts.push_back(count(images, "image"));
  return parts;
}

std::string summary(const Plan& plan) {
  std::map<std::string, size_t> verbs;
  size_t steps = 0;
  std::vector<Action> pruned;
  for (const auto& action : plan.actions) {
    const Phase phase = action.work.phase;
    if (phase == Phase::prune && action.work.verb == "prune")
      pruned.push_back(action);
    else if ((phase == Phase::release || phase == Phase::after) && action.work.verb == "release")
      ++steps;
    else if (phase != Phase::verify && phase != Phase::record)
      verbs[action.work.verb] += things_in(action.work);
  }
  std::vector<std::string> parts;
  for (const std::string verb : {"build", "pull", "tag"})
    if (verbs.contains(verb)) parts.push_back(fmt::format("{} to {}", verbs[verb], verb));
  if (verbs.contains("preflight")) parts.push_back(count(verbs["preflight"], "preflight check"));
  if (verbs.contains("backup")) parts.push_back("a backup");
  if (verbs.contains("restore")) parts.push_back("a backup to bring back");
  if (verbs.contains("create")) parts.push_back(count(verbs["create"], "thing") + " to create");
  if (verbs.contains("start")) parts.push_back(count(verbs["start"], "service") + " to start");
  if (steps > 0) parts.push_back(count(steps, "release step"));
  if (verbs.contains("switch")) parts.push_back(count(verbs["switch"], "service") + " to switch");
  if (verbs.contains("restart"))
    parts.push_back(count(verbs["restart"], "service") + " to restart");
  for (auto& what : things_pruned(pruned)) parts.push_back(std::move(what) + " to prune");
  for (const auto& [verb, n] : verbs) {
    static const std::set<std::string> known{"build",   "pull",   "tag",   "preflight", "backup",
                                             "restore", "create", "start", "switch",    "restart"};
    if (!known.contains(verb)) parts.push_back(fmt::format("{} to {}", n, verb));
  }
  if (parts.empty()) return "nothing to change, only to be verified and written down";
  return join(parts, ", ");
}

char sign_of(const Action& action) {
  switch (action.work.phase) {
    case Phase::supply:
      return action.work.verb == "pull" ? '>' : '+';
    case Phase::start:
      return '+';
    case Phase::change:
      return action.work.verb == "switch" || action.work.verb == "restart" ? '~'
             : action.work.verb == "remove" || action.work.verb == "stop"  ? '-'
                                                                           : '+';
    case Phase::release:
    case Phase::after:
      return '!';
    case Phase::backup:
      return '^';
    case Phase::preflight:
    case Phase::verify:
      return '?';
    case Phase::record:
      return '=';
    case Phase::prune:
      return '-';
  }
  return ' ';
}

std::string painted(std::string_view text, char as, const Page& page) {
  const int colour = as == '+' || as == '>' ? 32 : as == '-' ? 31 : as == '~' || as == '!' ? 33 : 0;
  return !page.colour || colour == 0 ? std::string(text)
                                     : fmt::format("\x1b[{}m{}\x1b[0m", colour, text);
}

std::string render_header(std::string_view what, std::string_view why, const Page& page) {
  if (!page.terminal || columns_of(what) + 3 + columns_of(why) <= page.width)
    return fmt::format("{}   {}\n", what, why);
  return fmt::format("{}\n  {}\n", what, wrapped(why, 2, page.width));
}

std::string render_header(const Plan& plan, const Page& page) {
  if (plan.to.empty())
    return render_header(fmt::format("{}  {} -> nothing", plan.environment.text(),
                                     plan.from.empty() ? "?" : plan.from),
                         "git does not name it any more", page);
  std::string versions = plan.from.empty()      ? fmt::format("-> {}", plan.to)
                         : plan.from == plan.to ? plan.to
                                                : fmt::format("{} -> {}", plan.from, plan.to);
  return render_header(fmt::format("{}  {}", plan.environment.text(), versions),
                       fmt::format("config {} \"{}\"", plan.config_commit.substr(0, 7),
                                   printable(plan.config_subject, 60)),
                       page);
}

std::string render_line(const Action& action) {
  return fmt::format("{:<{}} {}", action.work.verb, kind_width, action.title);
}

std::string render(const Plan& plan, const Page& page, bool explain) {
  std::string out = render_header(plan, page) + "\n";
  if (plan.held) out += fmt::format("  held  {}\n\n", sentence(why_held(*plan.held), 8, page));
  if (plan.suspended)
    out += fmt::format("  suspended  {}\n             ends with: reconciler resume {}\n\n",
                       for_people(*plan.suspended), plan.environment.text());
  if (!plan.taken_over.empty())
    out += fmt::format("  taken over: {}\n\n", wrapped(plan.taken_over, 14, page.width, ", "));
  if (!plan.notices.empty()) {
    for (const auto& notice : plan.notices) out += "  " + sentence(notice, 2, page) + "\n";
    out += "\n";
  }
  if (plan.stalled)
    return out + fmt::format("  {}\n  next  {}\n\nNothing was changed.\n",
                             sentence(fmt::format("Stalled/{}: {}", plan.stalled->reason,
                                                  plan.stalled->why),
                                      2, page),
                             sentence(plan.stalled->next, 8, page));
  if (!plan.left_alone.empty())
    out += fmt::format(
        "  left     {}\n           find out who changes it, then: reconciler retry {}\n\n",
        sentence(fmt::format("{}, having come back after it was put right {} times",
                             enumerate(plan.left_alone), most_put_right),
                 11, page),
        plan.environment.text());
  out += gates_of(plan, page) + reported_of(plan, page);
  if (plan.empty())
    return out + (!plan.taken_over.empty() ? "No changes. No container needs a restart.\n"
                  : plan.reported.empty()
                      ? "No changes.\n"
                      : "No changes: what differs is left as it is (drift: report).\n");
  const auto lines = lines_of(plan);
  const size_t widest = width_of_targets(lines);
  for (const auto& line : lines) {
    write_line(out, line, widest, page);
    if (!explain) continue;
    for (const auto* action : line.actions)
      for (const auto& d : action->differences)
        out += fmt::format("{}{}\n", std::string(15, ' '),
                           sentence(explained(action->title, d), 17, page));
  }
  if (plan.waits()) return out + "\n" + nothing_done(plan);
  out += "\n" +
         sentence(fmt::format("Plan{}{}: {}.", plan.id.empty() ? "" : " ", plan.id.substr(0, 6),
                              summary(plan)),
                  0, page) +
         "\n";
  const bool verified = std::any_of(plan.actions.begin(), plan.actions.end(),
                                    [](const Action& a) { return a.work.phase == Phase::verify; });
  if (verified)
    out += sentence(fmt::format("If it is not well: {}.", plan.on_failure), 0, page) + "\n";
  return out;
}

}  // namespace reconciler
