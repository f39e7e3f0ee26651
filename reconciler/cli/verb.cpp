#include "reconciler/cli/verb.hpp"

#include <fmt/format.h>

#include <iostream>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/plan/drift.hpp"

namespace reconciler::cli {
namespace {

/// There was nothing to do, or it waits.
int of_unperformed(const Plan& plan) {
  if (plan.stalled || (plan.suspended && !plan.empty())) return wrong;
  if (plan.closed() > 0) return blocked;
  return plan.held || leaves_down(plan) ? wrong : well;
}

}  // namespace

void add_environment(CLI::App& verb, std::string& into) {
  verb.add_option("environment", into, "APP/ENV, or ENV where that is unique")->required();
}

void add_yes(CLI::App& verb, bool& into, const std::string& sentence) {
  verb.add_flag("--yes", into, sentence);
}

void add_no_fetch(CLI::App& verb, bool& into) {
  verb.add_flag("--no-fetch", into, "Work from the last fetch");
}

Error no_terminal(const std::string& asks_before, const std::string& next) {
  return error("usage", fmt::format("{}, and there is no terminal to ask on", asks_before))
      .next(next);
}

std::optional<int> not_performed(const Context& context, const Result<Reconciled>& done) {
  if (!done) return report(context, done.error());
  if (done->changed) return std::nullopt;
  std::cout << (done->declined ? "Nothing was changed.\n" : render(done->plan, page_of_stdout()));
  return wrong;
}

std::string held_off(const Plan& plan, const Asked& asked) {
  const std::string id = asked.spec.id.text();
  const Place& place = asked.spec.tag_place;
  const std::string agree = is_folder(asked.config.url)
                                ? fmt::format("reconciler set {} {}", id, plan.to)
                                : fmt::format("tag: {} in {}:{}", plan.to, place.file, place.line);
  return fmt::format(
      "  held        git still asks for {0}; nothing brings it back until git or you say so\n"
      "  next        make git agree: {1}; or {0} again: reconciler retry {2}\n",
      plan.held->rejected_tag, agree, id);
}

int tell_applied(const Context& context, const Result<Reconciled>& done) {
  if (const auto status = not_performed(context, done))
    return done && !done->declined ? of_unperformed(done->plan) : *status;
  const Plan& plan = done->plan;
  const std::string id = plan.environment.text();
  std::cout << fmt::format("\n{} runs {}, after {}.", id, plan.to, for_people(done->took));
  if (!plan.held && !plan.from.empty() && plan.from != plan.to)
    std::cout << "   Back: reconciler rollback " << id;
  std::cout << "\n";
  if (!plan.held || plan.held->rejected_tag.empty() || plan.held->is_deployed()) return well;
  std::cout << fmt::format("next  commit another tag; or {} again: reconciler retry {}\n",
                           plan.held->rejected_tag, id);
  return wrong;
}

}  // namespace reconciler::cli
