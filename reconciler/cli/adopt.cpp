// `adopt`: takes an environment over from another installation, after the ledger was lost, or as
// somebody deployed it past us.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "reconciler/cli/by_hand.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/live_screen.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/ledger/locks.hpp"
#include "reconciler/look.hpp"

namespace reconciler::cli {
namespace {

struct AdoptOptions {
  std::string environment;
  std::vector<std::string> lineages;
  bool yes = false;
};

/// What was deployed past us is what the environment is to be, in the place of what git asks for.
int keep(Context& context, const ByHand& by_hand, bool yes, std::stop_token stop) {
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  const std::string id = by_hand.asked.spec.id.text();
  const std::string& tag = by_hand.tag;
  if (!yes && !stdin_is_terminal())
    return report(context, no_terminal("adopt asks before it records a version",
                                       fmt::format("reconciler adopt {} --yes", id)));
  Asked asked = by_hand.asked;
  asked.instead = Instead{tag, "OperatorDeployed", fmt::format("{} kept {}", who(), tag)};
  LiveScreen screen(context);
  const auto agree = [&](const Look& seen) -> Result<bool> {
    std::cout << render(seen.plan, context.page());
    const bool agreed = yes || ask(context, "Keep it?", stop);
    std::cout << "\n";
    return agreed;
  };
  auto done = reconcile(*parts, asked, who(), agree, screen.events(), {.stop = stop});
  screen.ended();
  if (const auto status = not_performed(context, done)) return *status;
  std::cout << fmt::format(
      "\n{} runs {}, as it was deployed.\nnext  commit tag: {}; or {} again: "
      "reconciler retry {}\n",
      id, tag, tag, by_hand.asked.spec.tag, id);
  return well;
}

/// What every plan would be refused for, where git names it and it can be looked at.
Status refuse_known(Context& context, const EnvironmentId& id, std::stop_token stop) {
  auto selection = select(context, {id.text()}, Reading::last, stop);
  if (!selection) return {};
  auto parts = context.parts();
  if (!parts) return failed(parts);
  const auto seen = look(*parts, selection->asked.at(0), std::move(stop));
  if (seen) return {};
  const Error& why = seen.error();
  return why.code == "state.lineage" || why.code == "ledger.behind" ? failure(why) : Status{};
}

/// Whether what is there is nobody's, ours, or of one of `lineages`.
Status check_owner(Context& context, const Known& known, const std::vector<std::string>& lineages,
                   std::stop_token stop) {
  auto parts = context.parts();
  if (!parts) return failed(parts);
  auto ours = known.ledger.lineages(known.id);
  if (!ours) return failed(ours);
  ours->insert(lineages.begin(), lineages.end());
  auto left =
      parts->drivers.left_behind(known.id, {}, *ours, Deadline(context.clock(), look_within));
  if (!left) return failed(left);
  auto all = known.ledger.environments();
  if (!all) return failed(all);
  if (left->resources.empty() && std::ranges::count(*all, known.id) == 0) {
    auto selection = select(context, {known.id.text()}, Reading::last, stop);
    if (!selection && selection.error().code == "env.unknown") return failed(selection);
  }
  return lineages.empty() ? refuse_known(context, known.id, std::move(stop)) : Status{};
}

/// The lineage that a person may be asked about; none where only a refusal is to be given.
std::optional<std::string> to_ask_about(const Context& context, const Error& why) {
  const auto theirs = std::ranges::find(why.facts, "theirs", &Fact::label);
  if (why.code != "state.lineage" || theirs == why.facts.end()) return std::nullopt;
  if (context.options().json || !stdin_is_terminal()) return std::nullopt;
  return theirs->text;
}

int take_installation_over(Context& context, const Known& known, AdoptOptions options,
                           std::stop_token stop) {
  auto lock =
      lock_environment(context.options().state, known.id, {context.clock(), Duration{0}, {}});
  if (!lock) return report(context, lock.error());
  if (auto owner = check_owner(context, known, options.lineages, stop); !owner) {
    const auto theirs = to_ask_about(context, owner.error());
    const int status = report(context, owner.error());
    if (!theirs) return status;
    if (!ask(context, "Is the other gone for good, and this one to go on in its place?", stop)) {
      std::cout << "Nothing was changed.\n";
      return status;
    }
    options.lineages.push_back(*theirs);
  }
  Adoption adoption;
  adoption.who = who();
  adoption.lineages = options.lineages;
  if (auto done = known.ledger.adopt(known.id, adoption); !done)
    return report(context, done.error());
  // One lineage is taken over; there may be a third.
  if (auto left = refuse_known(context, known.id, std::move(stop)); !left)
    return report(context, left.error());
  const std::string id = known.id.text();
  std::cout << fmt::format("{} is this installation's now ({}).\nnext  reconciler plan {}\n", id,
                           known.ledger.lineage(), id);
  return well;
}

int adopt(Context& context, const AdoptOptions& options, std::stop_token stop) {
  auto known = known_environment(context, options.environment);
  if (!known) return report(context, known.error());
  if (options.lineages.empty())
    if (const auto by_hand = deployed_by_hand(context, known->id, stop))
      return keep(context, *by_hand, options.yes, std::move(stop));
  return take_installation_over(context, *known, options, std::move(stop));
}

}  // namespace

void add_adopt(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<AdoptOptions>();
  auto* verb = app.add_subcommand(
      "adopt",
      "Take an environment over: from another installation, after the ledger was lost, or as "
      "somebody deployed it past reconciler.");
  add_environment(*verb, options->environment);
  verb->add_option("--lineage", options->lineages,
                   "The other installation, as the refusal names it");
  add_yes(*verb, options->yes);
  verb->footer(
      "Examples:\n  reconciler adopt portfolio/production\n  reconciler adopt portfolio/production "
      "--lineage 0b6c...");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return adopt(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
