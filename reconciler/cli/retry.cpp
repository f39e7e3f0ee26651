// `retry`: what failed, or was gone back from, is asked for again as it stands in git.
#include <fmt/format.h>

#include <iostream>

#include "reconciler/cli/by_hand.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

int retry(Context& context, const std::string& environment, std::stop_token stop) {
  auto known = known_environment(context, environment);
  if (!known) return report(context, known.error());
  auto lock =
      lock_environment(context.options().state, known->id, {context.clock(), Duration{0}, {}});
  if (!lock) return report(context, lock.error());
  const auto by_hand = deployed_by_hand(context, known->id, std::move(stop));
  const auto undone = by_hand ? std::optional(by_hand->tag) : std::nullopt;
  auto again = known->ledger.retry(known->id, who(), undone);
  if (!again) return report(context, again.error());
  if (undone)
    std::cout << fmt::format("{} was deployed past reconciler, and is undone.\n", *undone);
  const std::string what = again->empty() ? "What git asks for" : *again;
  std::cout << fmt::format("{} of {} is tried again.\nnext  reconciler apply {}\n", what,
                           known->id.text(), known->id.text());
  return well;
}

}  // namespace

void add_retry(CLI::App& app, Context& context, Verb& chosen) {
  auto environment = std::make_shared<std::string>();
  auto* verb = app.add_subcommand(
      "retry", "Let what failed, or was gone back from, be tried again as git asks for it.");
  add_environment(*verb, *environment);
  verb->footer("Examples:\n  reconciler retry portfolio/production\n  reconciler retry stage");
  performs(*verb, chosen, [&context, environment](std::stop_token stop) {
    return retry(context, *environment, std::move(stop));
  });
}

}  // namespace reconciler::cli
