// `adopt`: takes an environment over from another installation, or after the ledger was lost.
#include <fmt/format.h>

#include <iostream>

#include "reconciler/cli/commands.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

struct AdoptOptions {
  std::string environment;
  std::vector<std::string> lineages;
};

int adopt(Context& context, const AdoptOptions& options) {
  auto ledger = context.ledger();
  if (!ledger) return report(context, ledger.error());
  auto id = known_environment(**ledger, options.environment);
  if (!id) return report(context, id.error());
  auto lock = lock_environment(context.options().state, *id, {context.clock(), Duration{0}, {}});
  if (!lock) return report(context, lock.error());
  Adoption adoption;
  adoption.who = who();
  adoption.lineages = options.lineages;
  if (auto done = (*ledger)->adopt(*id, adoption); !done) return report(context, done.error());
  std::cout << fmt::format("{} is this installation's now ({}).\nnext  reconciler plan {}\n",
                           id->text(), (*ledger)->lineage(), id->text());
  return well;
}

}  // namespace

void add_adopt(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<AdoptOptions>();
  auto* verb = app.add_subcommand(
      "adopt",
      "Take an environment over: from another installation, or after the ledger was lost.");
  verb->add_option("environment", options->environment, "APP/ENV, or ENV where that is unique")
      ->required();
  verb->add_option("--lineage", options->lineages,
                   "The other installation, as the refusal names it");
  verb->footer(
      "Examples:\n  reconciler adopt portfolio/production\n  reconciler adopt portfolio/production "
      "--lineage 0b6c...");
  verb->callback([&context, &chosen, options] {
    chosen = [&context, options](std::stop_token) { return adopt(context, *options); };
  });
}

}  // namespace reconciler::cli
