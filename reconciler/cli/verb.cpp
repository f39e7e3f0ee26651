#include "reconciler/cli/verb.hpp"

#include <fmt/format.h>

#include <iostream>

#include "reconciler/base/filesystem.hpp"
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

/// What to type so that git asks for what runs. The compose files of a version that has no source
/// of its own lie beside its tag: the tag alone would come with those of the newer one.
std::string agreement(const Plan& plan, const Asked& asked) {
  const std::string id = asked.spec.id.text();
  const Place& place = asked.spec.tag_place;
  const std::string& config = asked.config.url;
  const bool has_source = asked.spec.source.kind == Source::Kind::repository;
  const std::string tag = is_folder(config)
                              ? fmt::format("reconciler set {} {}", id, plan.to)
                              : fmt::format("tag: {} in {}:{}", plan.to, place.file, place.line);
  if (has_source || plan.commit.empty() || plan.commit == asked.config.commit) return tag;
  const std::string folder =
      asked.spec.source.kind == Source::Kind::same || asked.spec.folder.empty() ? "."
                                                                                : asked.spec.folder;
  return fmt::format(
      "{}, where the tag is all that differs, else all files of {}: git{} checkout {} -- {}, and "
      "commit",
      tag, plan.to, is_folder(config) ? " -C " + config : "", plan.commit.substr(0, 12), folder);
}

}  // namespace

std::string held_off(const Plan& plan, const Asked& asked, const Page& page) {
  const std::string id = asked.spec.id.text();
  const std::string held =
      fmt::format("git still asks for {}; nothing brings it back until git or you say so",
                  plan.held->rejected_tag);
  const std::string next = fmt::format("make git agree: {}; or {} again: reconciler retry {}",
                                       agreement(plan, asked), plan.held->rejected_tag, id);
  return fmt::format("  held        {}\n  next        {}\n", sentence(held, 14, page),
                     sentence(next, 14, page));
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
