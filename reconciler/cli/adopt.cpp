// `adopt`: takes an environment over from another installation, after the ledger was lost, or as
// somebody deployed it past us.
#include <fmt/format.h>

#include <iostream>

#include "reconciler/base/openssl.hpp"
#include "reconciler/cli/by_hand.hpp"
#include "reconciler/cli/commands.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/reporter.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

struct AdoptOptions {
  std::string environment;
  std::vector<std::string> lineages;
  bool yes = false;
};

/// What was deployed past us is what the environment is to be, in the place of what git asks for.
int keep(Context& context, const ByHand& by_hand, bool yes, std::stop_token stop) {
  const AlgorithmsAhead ahead;
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  const std::string id = by_hand.asked.spec.id.text();
  const std::string& tag = by_hand.tag;
  if (!yes && !stdin_is_terminal())
    return report(context, error("usage",
                                 "adopt asks before it records a version, and there is no "
                                 "terminal to ask on")
                               .next(fmt::format("reconciler adopt {} --yes", id)));
  Asked asked = by_hand.asked;
  asked.instead = Instead{tag, "OperatorDeployed", fmt::format("{} kept {}", who(), tag)};
  Reporter reporter(std::cout, page_of_stdout());
  const auto agree = [&](const Look& seen) -> Result<bool> {
    std::cout << render(seen.plan, page_of_stdout());
    const bool agreed = yes || ask("Keep it?");
    std::cout << "\n";
    return agreed;
  };
  auto done = reconcile(*parts, asked, who(), agree, reporter, {.stop = std::move(stop)});
  reporter.ended();
  if (!done) return report(context, done.error());
  if (!done->changed) {
    std::cout << (done->declined ? "Nothing was changed.\n" : render(done->plan, page_of_stdout()));
    return wrong;
  }
  std::cout << fmt::format(
      "\n{} runs {}, as it was deployed.\nnext  commit tag: {}; or {} again: "
      "reconciler retry {}\n",
      id, tag, tag, by_hand.asked.spec.tag, id);
  return well;
}

int adopt(Context& context, const AdoptOptions& options, std::stop_token stop) {
  auto ledger = context.ledger();
  if (!ledger) return report(context, ledger.error());
  auto id = known_environment(**ledger, options.environment);
  if (!id) return report(context, id.error());
  if (options.lineages.empty())
    if (const auto by_hand = deployed_by_hand(context, *id, stop))
      return keep(context, *by_hand, options.yes, std::move(stop));
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
      "Take an environment over: from another installation, after the ledger was lost, or as "
      "somebody deployed it past reconciler.");
  verb->add_option("environment", options->environment, "APP/ENV, or ENV where that is unique")
      ->required();
  verb->add_option("--lineage", options->lineages,
                   "The other installation, as the refusal names it");
  verb->add_flag("--yes", options->yes, "Do not ask");
  verb->footer(
      "Examples:\n  reconciler adopt portfolio/production\n  reconciler adopt portfolio/production "
      "--lineage 0b6c...");
  verb->callback([&context, &chosen, options] {
    chosen = [&context, options](std::stop_token stop) {
      return adopt(context, *options, std::move(stop));
    };
  });
}

}  // namespace reconciler::cli
