#include "reconciler/cli/compose.hpp"

#include <unistd.h>

#include <iostream>

#include "reconciler/base/become.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/compile.hpp"
#include "reconciler/request.hpp"

namespace reconciler::cli {
namespace {

struct ComposeOptions {
  std::string environment;
  std::vector<std::string> arguments;
};

int compose(Context& context, const Passing& passing, const ComposeOptions& options,
            std::stop_token stop) {
  auto selection = select(context, {options.environment}, Reading::last, stop);
  if (!selection) return report(context, selection.error());
  const Asked& asked = selection->asked.at(0);
  const bool to_terminal = ::isatty(STDOUT_FILENO) != 0;
  if (auto may = passing.may(asked.spec.id, options.arguments, to_terminal); !may)
    return report(context, may.error());
  Result<Command> command;
  {
    auto parts = context.parts();
    if (!parts) return report(context, parts.error());
    auto tree = tree_of(*parts, asked, stop);
    if (!tree) return report(context, tree.error());
    auto placed = request_of(*parts, asked, *tree, stop);
    if (!placed) return report(context, placed.error());
    for (const auto& notice : placed->notices) std::cerr << notice << "\n";
    command = passing.command(
        {std::move(placed->request), std::move(placed->variables), options.arguments, to_terminal});
  }
  if (!command) return report(context, command.error());
  std::cout << std::flush;
  return report(context, become(*command));
}

}  // namespace

void add_compose(CLI::App& app, Context& context, Passing passing, Verb& chosen) {
  auto options = std::make_shared<ComposeOptions>();
  auto* verb = app.add_subcommand(
      "compose",
      "Docker Compose, with project, files and variables given; nothing that goes round the plan.");
  add_environment(*verb, options->environment);
  verb->add_option("arguments", options->arguments,
                   "ps, logs, exec, top, images, port, events, stats, config, ls or version, and "
                   "what they take")
      ->type_name("ARGUMENTS")
      ->required();
  verb->positionals_at_end();  // what follows is Compose's, options too
  verb->footer(
      "As git asked for it at the last fetch. Its exit status is Compose's.\n"
      "Examples:\n  reconciler compose portfolio/production logs -f --tail 50 backend\n"
      "  reconciler compose portfolio/production exec db psql -U app");
  performs(*verb, chosen, [&context, options, passing = std::move(passing)](std::stop_token stop) {
    return compose(context, passing, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
