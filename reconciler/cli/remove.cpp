// `remove`: takes away what runs of an environment that git does not name any more.
#include <fmt/format.h>

#include <iostream>

#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/live_screen.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/removal.hpp"

namespace reconciler::cli {
namespace {

struct RemoveOptions {
  std::string environment;
  bool yes = false;
};

/// What git names would be brought back; where git cannot be read, nobody knows that it does not.
Status check_forgotten(Context& context, const EnvironmentId& id, std::stop_token stop) {
  auto selection = select(context, {id.text()}, Reading::fresh, std::move(stop));
  if (selection)
    return failure(error("remove.asked_for", fmt::format("git still asks for {}", id.text()))
                       .at(selection->asked.at(0).spec.tag_place)
                       .next("take it out of the config repository first: what git names is "
                             "brought back"));
  const std::string& code = selection.error().code;
  if (code == "env.forgotten" || code == "env.unknown") return {};
  return failed(selection);
}

/// A name that nothing was ever done for here is a mistake in typing.
Status check_known(const Ledger& ledger, const EnvironmentId& id) {
  const auto memory = ledger.memory(id);
  if (!memory) return failure(memory.error());
  if (memory->current || memory->unfinished) return {};
  return failure(error("env.unknown", fmt::format("nothing of {} is here", id.text()))
                     .next("reconciler status shows what is, forgotten ones too"));
}

int remove(Context& context, const RemoveOptions& options, std::stop_token stop) {
  auto known = known_environment(context, options.environment);
  if (!known) return report(context, known.error());
  if (auto here = check_known(known->ledger, known->id); !here)
    return report(context, here.error());
  if (auto gone = check_forgotten(context, known->id, stop); !gone)
    return report(context, gone.error());
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  LiveScreen screen(context);
  const auto agree = [&](const Plan& plan) -> Result<bool> {
    std::cout << render(plan, context.page());
    if (!options.yes && !stdin_is_terminal())
      return failure(no_terminal("remove asks before it takes anything away",
                                 fmt::format("reconciler remove {} --yes", known->id.text())));
    const bool agreed = options.yes || ask(context, "Remove?", stop);
    std::cout << "\n";
    return agreed;
  };
  auto done = remove_environment(*parts, known->id, who(), agree, screen.events(), stop);
  screen.ended();
  if (const auto status = not_performed(context, done)) return *status;
  std::cout << fmt::format(
      "{} is removed. Its volumes, its data folder, its images and its state files stay.\n"
      "next  put it back in git to have it again: its data and what was released are known\n",
      known->id.text());
  return well;
}

}  // namespace

void add_remove(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<RemoveOptions>();
  auto* verb = app.add_subcommand("remove",
                                  "Stop and remove the containers and networks of an environment "
                                  "that git does not name any more. Volumes stay.");
  add_environment(*verb, options->environment);
  add_yes(*verb, options->yes);
  verb->footer(
      "Examples:\n  reconciler remove portfolio/stage\n  reconciler remove portfolio/stage --yes");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return remove(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
