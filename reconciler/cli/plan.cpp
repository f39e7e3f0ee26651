// `plan`: what would be done, and why. Changes nothing.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <set>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/once.hpp"
#include "reconciler/cli/plan_commands.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/git/checkout.hpp"
#include "reconciler/ledger/locks.hpp"
#include "reconciler/plan/cut.hpp"
#include "reconciler/take_over.hpp"

namespace reconciler::cli {
namespace {

struct PlanOptions {
  std::vector<std::string> environments;
  std::string out;
  bool detailed = false;
  bool explain = false;
  bool commands = false;
  bool no_fetch = false;
  bool worktree = false;
  OnceOptions once;
};

Json document(JsonArray environments) {
  return JsonObject{{"format_version", "1.0"}, {"environments", std::move(environments)}};
}

Json document(const std::vector<Plan>& plans) {
  JsonArray environments;
  for (const auto& plan : plans) environments.push_back(to_json(plan));
  return document(std::move(environments));
}

/// What is seen half done is not what was left half done.
void say_who_is_at_it(const Parts& parts, const EnvironmentId& id, Plan& plan) {
  const auto found = parts.ledger.unended_run(id);
  if (!found || !*found) return;
  const RunRow& run = **found;
  plan.notices.push_back(
      fmt::format("run {} of {} is at it{}: what is below is half way through that", run.serial,
                  run.who, run.to.empty() ? "" : ", to " + run.to));
}

/// What others deployed, and is seen for the first time, is known from here on; while another run
/// is at it, that one sees to it.
Result<Look> look_first(const Parts& parts, const Asked& asked, bool committed,
                        const std::stop_token& stop) {
  const bool at_it = is_locked(parts.state, asked.spec.id);
  auto seen = look(parts, asked, stop);
  if (seen && at_it) say_who_is_at_it(parts, asked.spec.id, seen->plan);
  if (!seen || !committed || seen->plan.taken_over.empty()) return seen;
  auto lock = lock_environment(parts.state, asked.spec.id, {parts.clock, Duration{0}, {}});
  if (!lock) return seen;
  return take_over(parts, asked, std::move(*seen), who(), stop);
}

/// People edit, look, and wonder: a plan is of what was committed. Said to people alone, since it
/// starts git.
void say_what_is_not_committed(Context& context, const Selection& selection,
                               const std::stop_token& stop) {
  std::map<std::string, std::set<std::string>> folders;  // of each repository with working files
  for (const auto& asked : selection.asked)
    if (is_folder(asked.config.url)) folders[asked.config.url].insert(asked.spec.folder);
  for (const auto& [repository, under] : folders) {
    const auto checkout = Checkout::open(repository, stop);
    std::vector<std::string> files;
    if (checkout)
      for (const auto& folder : under)
        for (const auto& file : checkout->uncommitted(folder, stop))
          files.push_back(printable(file, 100));
    if (files.empty()) continue;
    constexpr size_t most = 3;
    if (files.size() > most) {
      const size_t more = files.size() - most;
      files.resize(most);
      files.push_back(fmt::format("{} more", more));
    }
    std::cout << "\n"
              << sentence(fmt::format("Not in it, for want of a commit in {}: {}. The same with "
                                      "--worktree has them",
                                      repository, enumerate(files)),
                          0, context.page())
              << "\n";
  }
}

int plan(Context& context, const PlanOptions& options, std::stop_token stop) {
  const Reading reading = options.worktree   ? Reading::worktree
                          : options.no_fetch ? Reading::last
                                             : Reading::fetch;
  auto selection = select(context, options.environments, reading, stop);
  if (!selection) return report(context, selection.error());
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());

  int worst = well;
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  for (const auto& broken : selection->broken) worst = report(context, broken.error);
  std::vector<Plan> plans;
  JsonArray commands;
  for (const auto& asked : selection->asked) {
    auto wanted = options.once.of(asked, parts->ledger);
    auto seen = wanted ? look_first(*parts, *wanted, reading != Reading::worktree, stop)
                       : Result<Look>(failure(wanted.error()));
    if (seen)
      if (auto cut = shorten(seen->plan, seen->desired, options.once.cut()); !cut)
        seen = failed(cut);
    if (!seen) {
      worst = report(context, seen.error());
      continue;
    }
    if (!context.options().json) {
      if (!plans.empty()) std::cout << "\n";
      std::cout << (options.commands ? commands_of(seen->plan, parts->drivers)
                                     : render(seen->plan, context.page(), options.explain));
    } else if (options.commands) {
      commands.push_back(commands_json(seen->plan, parts->drivers));
    }
    plans.push_back(std::move(seen->plan));
  }
  if (context.options().json)
    std::cout << boost::json::serialize(options.commands ? document(std::move(commands))
                                                         : document(plans))
              << "\n";
  if (!context.options().json && !options.commands && reading == Reading::fetch &&
      context.page().terminal && !plans.empty())
    say_what_is_not_committed(context, *selection, stop);
  if (!options.out.empty() && !plans.empty()) {
    if (auto written = replace_file(options.out, boost::json::serialize(document(plans)) + "\n");
        !written)
      return report(context, written.error());
    if (!context.options().json)
      std::cout << fmt::format("\nSaved: reconciler apply {}\n", options.out);
  }
  if (worst != well) return worst;
  for (const auto& one : plans)
    if (one.stalled) return wrong;
  if (!options.detailed) return well;
  for (const auto& one : plans)
    for (const auto& gate : one.gates)
      if (!gate.open) return blocked;
  for (const auto& one : plans)
    if (!one.empty()) return changes;
  return well;
}

}  // namespace

void add_plan(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<PlanOptions>();
  auto* verb = app.add_subcommand("plan", "Show what apply would do, and why. Changes nothing.");
  verb->add_option("environment", options->environments,
                   "APP/ENV, or ENV where that is unique; none: all");
  auto* out = verb->add_option("--out", options->out, "Save the plan, for apply FILE");
  out->type_name("FILE");
  verb->add_flag(
      "--detailed-exitcode", options->detailed,
      "0 nothing to do (drift that is only reported, too), 2 changes (suspended or not), "
      "3 blocked by a gate, 1 error");
  auto* explain = verb->add_flag("--explain", options->explain, "Every differing field");
  verb->add_flag("--commands", options->commands,
                 "The same as docker and compose lines, to read; none of them is run")
      ->excludes(explain);
  auto* no_fetch = verb->add_flag("--no-fetch", options->no_fetch,
                                  "Work from the last fetch; starts no other program");
  verb->add_flag("--worktree", options->worktree, "Read the config repository's working files")
      ->excludes(no_fetch);
  add_once(*verb, options->once, out);
  verb->footer(
      "Examples:\n  reconciler plan portfolio/production --until switch\n  reconciler plan "
      "portfolio/production\n  reconciler plan --out next.json && "
      "reconciler apply next.json");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return plan(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
