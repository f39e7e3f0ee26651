// `rollback`: back to a version that was well, because somebody wants to.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/telling.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/rollback.hpp"

namespace reconciler::cli {
namespace {

struct RollbackOptions {
  std::string environment;
  std::string tag;
  bool yes = false;
  bool no_fetch = false;
};

/// One of a list that is shown; a number counts those that can be chosen.
class Choice {
 public:
  Choice(const EnvironmentId& id, const Memory& memory, std::vector<Candidate> all, WallTime now)
      : id_(id.text()),
        current_(*memory.current),
        failed_(something_else_runs(memory)),
        all_(std::move(all)),
        now_(now) {}

  void print(std::ostream& out, const Page& page) const {
    if (failed_)
      out << fmt::format("{} was well at {} from {}; what was begun since is not\n", id_,
                         current_.tag, to_text(current_.at));
    else
      out << fmt::format("{} runs {} since {}, for {}\n", id_, current_.tag, to_text(current_.at),
                         lasted(current_.at, now_));
    if (all_.empty()) {
      out << "\n  nothing else was ever well here\n";
      return;
    }
    std::vector<std::vector<std::string>> rows{
        {"   tag", "was well from", "images", "release work since then"}};
    size_t number = 0;
    for (const auto& one : all_)
      rows.push_back(
          {fmt::format("{}  {}", one.blocked.empty() ? std::to_string(++number) : "-", one.tag),
           fmt::format("{}, {}", to_text(one.from), lasted(one.from, one.until)),
           one.blocked == "images gone" ? one.blocked : "on the host", work(one)});
    out << "\n" << table(rows, 2, page, 3);
  }

  /// The first that can be.
  Result<std::string> first() const {
    const auto found = std::ranges::find(all_, "", &Candidate::blocked);
    if (found != all_.end()) return found->tag;
    return failure(
        error("rollback.nothing", fmt::format("there is nothing that {} can go back to", id_))
            .next("commit the tag that is wanted: what it needs is supplied first"));
  }
  Result<std::string> named(const std::string& tag) const {
    if (tag == current_.tag && !failed_)
      return failure(error("rollback.current", fmt::format("{} runs {} already", id_, tag))
                         .next(fmt::format("reconciler rollback {}", id_)));
    const auto found = std::ranges::find(all_, tag, &Candidate::tag);
    if (found == all_.end())
      return failure(error("rollback.unknown", fmt::format("{} was never well at {}", tag, id_))
                         .next(fmt::format("reconciler rollback {} shows which were; or commit the "
                                           "tag",
                                           id_)));
    if (!found->blocked.empty())
      return failure(error("rollback.blocked",
                           fmt::format("{} cannot go back to {}: {}", id_, tag, found->blocked))
                         .next("commit the tag that is wanted: what it needs is supplied first"));
    return tag;
  }
  /// The n-th that can be, or a tag.
  Result<std::string> answered(const std::string& answer) const {
    if (answer.empty() || answer == "1") return first();
    size_t number = 0;
    for (const auto& one : all_)
      if (one.blocked.empty() && std::to_string(++number) == answer) return one.tag;
    return named(answer);
  }
  const Candidate& of(const std::string& tag) const {
    return *std::ranges::find(all_, tag, &Candidate::tag);
  }

 private:
  static std::string lasted(WallTime from, WallTime until) {
    return for_people(
        std::max(Duration::zero(), std::chrono::duration_cast<Duration>(until - from)));
  }
  static std::string work(const Candidate& one) {
    std::string text = one.released.empty() ? "none" : join(one.released, ", ");
    if (!one.blocked.empty() && one.blocked != "images gone") text += "; " + one.blocked;
    return text;
  }

  std::string id_;
  Release current_;
  bool failed_;  ///< something_else_runs
  std::vector<Candidate> all_;
  WallTime now_;
};

/// What a forge that is away, or gone for good, said last is enough to go back; and a manifest that
/// somebody has broken is in nobody's way.
Result<Selection> selected(Context& context, const RollbackOptions& options,
                           const std::stop_token& stop) {
  const std::string& name = options.environment;
  auto now = select(context, {name}, options.no_fetch ? Reading::last : Reading::fetch, stop);
  // In a manifest that cannot be read a short name stands for nothing.
  const bool may_be_broken = !now && now.error().code == "env.unknown";
  if (now || (exit_of(now.error()) == usage && !may_be_broken) ||
      now.error().code == "env.forgotten")
    return now;
  if (!options.no_fetch)
    if (auto last = select(context, {name}, Reading::last, stop)) {
      last->notices.push_back(fmt::format("works on from the last fetch: {}: {}", now.error().code,
                                          now.error().message));
      return last;
    }
  return select_as_before(context, name, std::move(now.error()), stop);
}

Result<std::string> choose(Context& context, const Choice& choice, const RollbackOptions& options,
                           const std::stop_token& stop) {
  if (!options.tag.empty()) return choice.named(options.tag);
  const bool json = context.options().json;
  if (!json) choice.print(std::cout, context.page());
  auto first = choice.first();
  if (!first || options.yes) return first;
  if (json || !stdin_is_terminal())
    return failure(
        no_terminal("rollback asks which version",
                    fmt::format("reconciler rollback {} {} --yes", options.environment, *first)));
  const auto answer = ask_for(context, "\nBack to which?", "1", stop);
  if (!answer)
    return failure(
        error("rollback.declined", "nobody chose a version; nothing was changed")
            .next(fmt::format("reconciler rollback {} {}", options.environment, *first)));
  return choice.answered(*answer);
}

void print_end(const Reconciled& done, const Asked& asked, const Candidate& to, const Page& page) {
  const std::string id = asked.spec.id.text();
  std::cout << fmt::format("\n{} runs {} after {}.\n", id, to.tag, for_people(done.took));
  const auto fact = [&](std::string_view label, const std::string& text) {
    std::cout << fmt::format("  {:<12}{}\n", label, sentence(text, 14, page));
  };
  if (!to.released.empty())
    fact("not undone",
         fmt::format("release of {}: what it changed stays", join(to.released, ", ")));
  constexpr std::string_view about_variables = "variables: ";  // that they are not those of now
  for (const auto& notice : done.plan.notices)
    if (notice.starts_with(about_variables))
      fact("variables", notice.substr(about_variables.size()));
  if (done.plan.held) std::cout << held_off(done.plan, asked, page);
}

int rollback(Context& context, const RollbackOptions& options, std::stop_token stop) {
  auto selection = selected(context, options, stop);
  if (!selection) return report(context, selection.error());
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  Asked asked = selection->asked.at(0);
  const EnvironmentId& id = asked.spec.id;
  auto memory = parts->ledger.memory(id);
  if (!memory) return report(context, memory.error());
  if (!memory->current)
    return report(context,
                  error("rollback.nothing", fmt::format("nothing was ever well at {}", id.text()))
                      .next(fmt::format("reconciler history {}", id.text())));
  auto all = candidates(*parts, asked, stop);
  if (!all) return report(context, all.error());
  const Choice choice(id, *memory, std::move(*all), parts->clock.wall());
  auto tag = choose(context, choice, options, stop);
  if (!tag) return report(context, tag.error());

  asked.instead = Instead{*tag, "Requested", fmt::format("{} went back to {}", who(), *tag)};
  const bool json = context.options().json;
  Telling telling(context, id);
  const auto agree = [&](const Look& seen) -> Result<bool> {
    if (options.yes && telling.plan(seen.plan)) return true;
    if (!json && options.tag.empty()) std::cout << "\n";  // after the list
    if (!json) std::cout << render(seen.plan, context.page());
    if (!options.yes && !options.tag.empty()) {
      if (json || !stdin_is_terminal())
        return failure(
            no_terminal("rollback asks before it changes anything",
                        fmt::format("reconciler rollback {} {} --yes", id.text(), *tag)));
      if (!ask(context, "Go back?", stop)) return false;
    }
    std::cout << "\n";
    return true;
  };
  auto done = reconcile(*parts, asked, who(), agree, telling.events(), {.stop = stop});
  if (const auto exit =
          telling.ended(done ? &*done : nullptr, done && done->changed ? well : wrong))
    return *exit;
  if (const auto status = not_performed(context, done)) return *status;
  print_end(*done, asked, choice.of(*tag), context.page());
  return well;
}

}  // namespace

void add_rollback(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<RollbackOptions>();
  auto* verb = app.add_subcommand(
      "rollback",
      "Go back to a version that was well. Nothing is built, pulled or released; git is held off.");
  add_environment(*verb, options->environment);
  verb->add_option("tag", options->tag, "Which; none: shows those that were well, and asks");
  add_yes(*verb, options->yes, "Do not ask; without a tag the first that can be");
  add_no_fetch(*verb, options->no_fetch);
  verb->footer(
      "0 gone back; 1 it cannot be, it failed, or nobody agreed; no gate holds it up.\n"
      "Examples:\n  reconciler rollback portfolio/production\n  reconciler rollback "
      "portfolio/production v1.2.3 --yes");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return rollback(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
