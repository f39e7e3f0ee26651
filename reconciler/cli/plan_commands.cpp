#include "reconciler/cli/plan_commands.hpp"

#include <fmt/format.h>

#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/driver/explains.hpp"
#include "reconciler/plan/render.hpp"

namespace reconciler::cli {
namespace {

std::vector<std::string> lines_of(const Plan& plan, const Action& action, const Drivers& drivers) {
  if (!action.work.targets.empty() && action.work.targets[0].driver == "ledger")
    return {"# written into the ledger; the state files after it say the same"};
  auto driver = drivers.performer(action.work);
  std::vector<std::string> lines;
  if (driver)
    if (auto* explains = dynamic_cast<Explains*>(*driver))
      lines = explains->commands(plan.environment, action.work);
  if (lines.empty())
    lines.push_back(action.work.calls.empty()
                        ? "# no command does this"
                        : fmt::format("# no command does this: {}", join(action.work.calls, "; ")));
  return lines;
}

}  // namespace

std::string commands_of(const Plan& plan, const Drivers& drivers) {
  std::string out = "# " + render_header(plan, Page{});
  if (plan.stalled)
    return out + fmt::format("# Stalled/{}: {}\n# next  {}\n", plan.stalled->reason,
                             printable(plan.stalled->why), plan.stalled->next);
  if (plan.empty()) return out + "# No changes.\n";
  out += fmt::format(
      "# To read, and for the day without reconciler: nothing of it was run, and it checks "
      "nothing\n"
      "# between its lines. In the application's folder {}with TAG={} and the\n"
      "# environment's variables set (reconciler variables {}).\n",
      plan.commit.empty() ? "" : fmt::format("at commit {}, ", plan.commit.substr(0, 12)),
      shell_word(plan.to), plan.environment.text());
  for (const auto& action : plan.actions) {
    out += fmt::format("\n# {}   {}\n", render_line(action), printable(action.reason));
    for (const auto& line : lines_of(plan, action, drivers)) out += printable(line, 4096) + "\n";
  }
  if (plan.waits())
    out += "\n# It waits, and none of it would be done: reconciler plan says why.\n";
  return out;
}

Json commands_json(const Plan& plan, const Drivers& drivers) {
  JsonArray actions;
  for (const auto& action : plan.actions)
    actions.push_back(JsonObject{{"phase", to_text(action.work.phase)},
                                 {"kind", action.work.verb},
                                 {"title", action.title},
                                 {"lines", reconciler::to_json(lines_of(plan, action, drivers))}});
  return JsonObject{{"environment", plan.environment.text()},
                    {"from", plan.from},
                    {"to", plan.to},
                    {"actions", std::move(actions)}};
}

}  // namespace reconciler::cli
