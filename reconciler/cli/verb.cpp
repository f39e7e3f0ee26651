#include "reconciler/cli/verb.hpp"

#include <fmt/format.h>

#include <iostream>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/plan/drift.hpp"

namespace reconciler::cli {
namespace {

/// There was nothing to do, or it waits.
int of_unperformed(const Plan& plan) {
  if (plan.stalled || (plan.suspended && !plan.empty())) return wrong;
  if (plan.closed() > 0) return blocked;
  const bool held = plan.held && !plan.held->is_deployed();
  return held || leaves_down(plan) ? wrong : well;
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
  std::cout << (done->declined ? "Nothing was changed.\n" : render(done->plan, context.page()));
  return wrong;
}

namespace {

/// What to type so that git asks for what runs.
std::string agreement(const Plan& plan, const Asked& asked) {
  const Place& place = asked.spec.tag_place;
  return is_folder(asked.config.url)
             ? fmt::format("reconciler set {} {}", asked.spec.id.text(), plan.to)
             : fmt::format("tag: {} in {}:{}", plan.to, place.file, place.line);
}

/// The compose files of a version that has no source of its own lie beside its tag: the tag alone
/// would come with those of the newer one. Empty where it would not.
std::string with_its_files(const Plan& plan, const Asked& asked) {
  const std::string& folder = asked.spec.folder;
  if (asked.spec.source.kind != Source::Kind::beside || folder.empty() || plan.commit.empty() ||
      plan.commit == asked.config.commit)
    return "";
  const std::string& config = asked.config.url;
  const std::string git = is_folder(config) ? "git -C " + shell_word(config) : "git";
  return fmt::format("{} restore --source={} --staged --worktree -- {} && {} commit -m {}", git,
                     plan.commit.substr(0, 12), shell_word(folder), git,
                     shell_word(fmt::format("{} as of {}", folder, plan.to)));
}

}  // namespace

std::string held_off(const Plan& plan, const Asked& asked, const Page& page) {
  const std::string id = asked.spec.id.text();
  const std::string& other = plan.held->rejected_tag;
  std::string out;
  const auto fact = [&](std::string_view label, const std::string& text) {
    out += fmt::format("  {:<11} {}\n", label, sentence(text, 14, page));
  };
  fact("held",
       fmt::format("git still asks for {}; nothing brings it back until git or you say so", other));
  const std::string files = with_its_files(plan, asked);
  if (!files.empty())
    fact("files", fmt::format("set brings the tag alone; all of {} as it was at {}: {}",
                              asked.spec.folder, plan.to, files));
  fact("next", fmt::format("make git agree: {}; or {} again: reconciler retry {}",
                           agreement(plan, asked), other, id));
  return out;
}

int status_of(const Reconciled& done) {
  if (done.declined) return wrong;
  if (!done.changed) return of_unperformed(done.plan);
  const auto& held = done.plan.held;
  return !held || held->rejected_tag.empty() || held->is_deployed() ? well : wrong;
}

int tell_applied(const Context& context, const Result<Reconciled>& done) {
  if (const auto status = not_performed(context, done)) return done ? status_of(*done) : *status;
  const Plan& plan = done->plan;
  const std::string id = plan.environment.text();
  const Page page = context.page();
  const std::string runs = fmt::format("{} runs {} after {}.", id, plan.to, for_people(done->took));
  if (!plan.held && !plan.from.empty() && plan.from != plan.to)
    std::cout << "\n" << render_header(runs, "Back: reconciler rollback " + id, page);
  else
    std::cout << "\n" << runs << "\n";
  if (status_of(*done) == well) return well;
  std::cout << "next  "
            << sentence(fmt::format("commit another tag; or {} again: reconciler retry {}",
                                    plan.held->rejected_tag, id),
                        6, page)
            << "\n";
  return wrong;
}

}  // namespace reconciler::cli
