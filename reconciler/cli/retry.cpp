// `retry`: what failed, or was gone back from, is asked for again as it stands in git.
#include <fmt/format.h>

#include <iostream>

#include "reconciler/cli/by_hand.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/ledger/locks.hpp"
#include "reconciler/plan/by_hand.hpp"

namespace reconciler::cli {
namespace {

/// What is about what runs, while another tag is held off: that one stays so.
bool is_about_what_runs(const Plan& plan) {
  const bool holds_off = plan.held && !plan.held->rejected_tag.empty() && !plan.held->is_deployed();
  return holds_off && plan.stalled &&
         (plan.stalled->reason == "Flapping" || plan.stalled->reason == "OperatorDeployed");
}

int put_right_again(Context& context, const Known& known, const Plan& plan,
                    const std::optional<std::string>& undone) {
  const std::string id = known.id.text();
  if (auto done = known.ledger.put_right_again(known.id, who(), undone); !done)
    return report(context, done.error());
  std::cout << fmt::format(
      "What runs of {} is put right again; {} stays held off: the same once more asks for it "
      "again.\nnext  reconciler apply {}\n",
      id, plan.held->rejected_tag, id);
  return well;
}

int retry(Context& context, const std::string& environment, std::stop_token stop) {
  auto known = known_environment(context, environment);
  if (!known) return report(context, known.error());
  auto lock =
      lock_environment(context.options().state, known->id, {context.clock(), Duration{0}, {}});
  if (!lock) return report(context, lock.error());
  const auto seen = look_there(context, known->id, std::move(stop));
  std::optional<std::string> undone;
  if (seen)
    undone = deployed_by_hand(seen->look.desired, seen->look.observation, seen->look.memory);
  if (seen && is_about_what_runs(seen->look.plan))
    return put_right_again(context, *known, seen->look.plan, undone);
  // What may be undone already, and is not yet, goes on to count as undone.
  const auto overruled = undone || !seen ? undone : seen->look.memory.overruled;
  auto again = known->ledger.retry(known->id, who(), overruled);
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
  verb->footer(
      "Where what runs is changed again and again, or was deployed past reconciler, that alone\n"
      "is put right, and a version that was rejected stays so.\n"
      "Examples:\n  reconciler retry portfolio/production\n  reconciler retry stage");
  performs(*verb, chosen, [&context, environment](std::stop_token stop) {
    return retry(context, *environment, std::move(stop));
  });
}

}  // namespace reconciler::cli
