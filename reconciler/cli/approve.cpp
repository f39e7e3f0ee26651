// `approve`: a person lets through a plan that a gate holds up.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/once.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/plan/gates.hpp"

namespace reconciler::cli {
namespace {

struct ApproveOptions {
  std::string environment;
  std::string plan;
  bool yes = false;
  bool no_fetch = false;
  OnceOptions once;
};

Error other_plan(const std::string& id, const std::string& named, const Plan& plan) {
  return error("plan.stale", fmt::format("plan {} of {} is not what would be done now; nothing was "
                                         "approved",
                                         named, id))
      .with("now", plan.empty() ? "there is nothing to do" : "plan " + plan.id.substr(0, 6))
      .next("look at it again: reconciler plan " + id);
}

/// The least that a plan shows of its id.
constexpr size_t shown_of_id = 6;

/// Who may is for the owner of the machine to say.
Status may_approve(const Host& host, const EnvironmentId& id, const std::string& user) {
  const auto own = host.environments.find(id.text());
  if (own == host.environments.end() || own->second.approvers.empty()) return {};
  const auto& names = own->second.approvers;
  if (std::ranges::find(names, user) != names.end()) return {};
  return failure(
      error("approve.not_allowed",
            fmt::format("{} may not approve for {}; nothing was approved", user, id.text()))
          .next(fmt::format("ask {} to, or have them added to approvers in {}", join(names, " or "),
                            host.file)));
}

/// What is agreed to is what is seen: by the id that a plan showed, or shown and asked for here.
Result<bool> agreed(Context& context, const ApproveOptions& options, const Plan& plan,
                    const std::stop_token& stop) {
  const std::string id = plan.environment.text();
  if (!options.plan.empty()) {
    if (plan.empty() || !plan.id.starts_with(options.plan))
      return failure(other_plan(id, options.plan, plan));
    return true;
  }
  if (!options.yes && !stdin_is_terminal())
    return failure(no_terminal(
        "approve asks before it approves",
        fmt::format("reconciler plan {0}, then: reconciler approve {0} --plan ID", id)));
  std::cout << render(plan, context.page());
  return options.yes || ask(context, "Approve?", stop);
}

int approve(Context& context, const ApproveOptions& options, std::stop_token stop) {
  if (!options.plan.empty() && options.plan.size() < shown_of_id)
    return report(context,
                  error("usage", fmt::format("--plan {} is too short: {} characters of "
                                             "the id are the least",
                                             printable(options.plan, 60), shown_of_id))
                      .next(fmt::format("reconciler plan {} shows the id", options.environment)));
  auto selection = select(context, {options.environment},
                          options.no_fetch ? Reading::last : Reading::fetch, stop);
  if (!selection) return report(context, selection.error());
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  if (auto may = may_approve(parts->host, selection->asked.at(0).spec.id, who()); !may)
    return report(context, may.error());
  auto asked = options.once.of(selection->asked.at(0), parts->ledger);
  if (!asked) return report(context, asked.error());
  auto seen = look(*parts, *asked, std::move(stop));
  if (!seen) return report(context, seen.error());
  const Plan& plan = seen->plan;
  const std::string id = plan.environment.text();
  auto yes = agreed(context, options, plan, stop);
  if (!yes) return report(context, yes.error());
  if (plan.closed() == 0)
    return report(context,
                  error("approve.nothing", fmt::format("no plan of {} waits for an approval", id))
                      .next("reconciler plan " + id));
  if (!*yes) {
    std::cout << "Nothing was approved.\n";
    return wrong;
  }
  if (auto done = parts->ledger.approve(plan.environment, approval_of(plan), who()); !done)
    return report(context, done.error());
  std::cout << fmt::format("Plan {} of {} is approved.\nnext  reconciler apply {}{}\n",
                           plan.id.substr(0, 6), id, id, options.once.words());
  return well;
}

}  // namespace

void add_approve(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<ApproveOptions>();
  auto* verb = app.add_subcommand("approve", "Let a plan through that a gate holds up.");
  add_environment(*verb, options->environment);
  verb->add_option("--plan", options->plan,
                   "The plan's id, as plan shows it; without it the plan is shown and asked about")
      ->type_name("ID");
  add_wishes(*verb, options->once);
  add_yes(*verb, options->yes);
  add_no_fetch(*verb, options->no_fetch);
  verb->footer(
      "Examples:\n  reconciler approve portfolio/production --plan 3f9a1c\n  reconciler approve "
      "stage");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return approve(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
