// `task`, `restart` and `backup`: what a person has done beside what git asks for.
#include "reconciler/cli/errand.hpp"

#include <fmt/format.h>

#include <iostream>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/ago.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/telling.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"

namespace reconciler::cli {

int run_errand(Context& context, const std::string& verb, const ErrandOptions& options,
               std::stop_token stop) {
  // A restart, or a backup, must not need a forge.
  const Reading reading = options.errand.task.empty() ? Reading::last : Reading::fetch;
  auto selection = select(context, {options.environment}, reading, stop);
  if (!selection) return report(context, selection.error());
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  const Asked& asked = selection->asked.at(0);
  const std::string id = asked.spec.id.text();
  const bool json = context.options().json;
  Telling telling(context, asked.spec.id);
  const auto agree = [&](const Look& seen) -> Result<bool> {
    if (options.yes && telling.plan(seen.plan)) return true;
    if (!json) {
      std::cout << render(seen.plan, context.page());
      if (reading == Reading::last && selection->fetched_at)
        std::cout << as_of(*selection->fetched_at, context.clock().wall()) << "\n";
    }
    if (!options.yes) {
      if (json || !stdin_is_terminal())
        return failure(no_terminal(
            verb + " asks before it does anything",
            "the same with --yes, or in a terminal: " + command_of(asked.spec.id, options.errand)));
      if (!ask(context, "Do it?", stop)) return false;
    }
    std::cout << "\n";
    return true;
  };
  const auto done = reconciler::run_errand(*parts, asked, options.errand, who(), agree,
                                           telling.events(), {.stop = stop});
  if (const auto exit =
          telling.ended(done ? &*done : nullptr, done && done->changed ? well : wrong))
    return *exit;
  if (const auto status = not_performed(context, done)) return *status;
  std::cout << fmt::format("\n{} runs {}, as before; done after {}.\n", id, done->plan.to,
                           for_people(done->took));
  return well;
}

void add_task(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<ErrandOptions>();
  auto* verb = app.add_subcommand(
      "task", "Run a task of the manifest once more, now, in the version that runs.");
  add_environment(*verb, options->environment);
  verb->add_option("task", options->errand.task, "By its name in plans; none: says which there are")
      ->type_name("TASK");
  add_yes(*verb, options->yes);
  verb->footer(
      "It counts for no plan: what is due once a tag stays due, what has run stays done.\n"
      "Examples:\n  reconciler task portfolio/production static\n"
      "  reconciler task portfolio/production release --yes");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return run_errand(context, "task", *options, std::move(stop));
  });
}

void add_restart(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<ErrandOptions>();
  auto* verb = app.add_subcommand(
      "restart", "Stop and start services as they are, in order, and ask the checks afterwards.");
  add_environment(*verb, options->environment);
  verb->add_option("services", options->errand.restart,
                   "As the compose files call them; with whoever has to join them anew")
      ->type_name("SERVICE")
      ->required();
  add_yes(*verb, options->yes);
  verb->footer(
      "The same containers, with what they were made with: a change is brought in by apply.\n"
      "Examples:\n  reconciler restart portfolio/production backend\n"
      "  reconciler restart portfolio/production backend worker --yes");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return run_errand(context, "restart", *options, std::move(stop));
  });
}

void add_backup(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<ErrandOptions>();
  options->errand.backup = true;
  options->yes = true;  // it takes nothing away that is needed
  auto* verb = app.add_subcommand(
      "backup", "Make a backup of what runs, now, as the manifest's backup: says.");
  add_environment(*verb, options->environment);
  verb->footer(
      "Which there are, and to bring one back: reconciler restore APP/ENV\n"
      "Examples:\n  reconciler backup portfolio/production\n  reconciler backup stage --json");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return run_errand(context, "backup", *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
