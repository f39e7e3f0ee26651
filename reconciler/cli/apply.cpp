// `apply`: performs the plan that it shows, or one that was saved and still is what would be done.
#include <fmt/format.h>

#include <iostream>
#include <map>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/once.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/telling.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/model/tag.hpp"
#include "reconciler/partly.hpp"
#include "reconciler/plan/moved.hpp"

namespace reconciler::cli {
namespace {

struct ApplyOptions {
  std::vector<std::string> environments;
  bool yes = false;
  bool no_fetch = false;
  OnceOptions once;
};

using Saved = std::map<std::string, SavedPlan>;

/// A file that is not there, or a tag: environments are no files, and a tag is asked for in git.
Error explained_arguments(Error e, const std::vector<std::string>& arguments) {
  if (e.code != "env.unknown") return e;
  if (arguments.size() == 1 && arguments[0].ends_with(".json"))
    return error("usage", fmt::format("{} is neither an environment nor a file",
                                      printable(arguments[0], 130)))
        .next(fmt::format("reconciler plan --out {} saves a plan", shell_word(arguments[0])));
  if (arguments.size() == 2 && check_tag(arguments[1], TagDiscipline::semver) &&
      e.message.find(fmt::format("\"{}\"", arguments[1])) != std::string::npos)
    e.hint = fmt::format(
        "apply brings the tag that git asks for; another: reconciler set {0} {1}, or for once: "
        "reconciler apply {0} --tag {1}",
        shell_word(arguments[0]), arguments[1]);
  return e;
}

/// The one argument that is a file and no APP/ENV is a saved plan.
Result<std::optional<Saved>> read_saved(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1 || !exists(arguments[0]) || is_folder(arguments[0]))
    return std::optional<Saved>{};
  auto text = read_file(arguments[0]);
  if (!text) return failed(text);
  auto value = parse_json(*text);
  if (!value)
    return failure(
        error("plan.invalid", fmt::format("{} is no saved plan: it is not JSON", arguments[0]))
            .next("save one with: reconciler plan --out FILE"));
  const std::string version = text_at(*value, "format_version");
  const auto* environments = member(*value, "environments");
  if (!version.starts_with("1.") || !environments || !environments->is_array() ||
      environments->get_array().empty())
    return failure(
        error("plan.invalid", fmt::format("{} is no saved plan of format 1", arguments[0]))
            .next("save one with: reconciler plan --out FILE"));
  Saved all;
  for (const auto& one : environments->get_array()) {
    auto plan = saved_plan_from_json(one);
    if (!plan) return failed(plan);
    all[plan->environment] = std::move(*plan);
  }
  return std::optional(std::move(all));
}

class Applying {
 public:
  Applying(Context& context, const ApplyOptions& options, std::optional<Saved> saved)
      : context_(context), options_(options), saved_(std::move(saved)) {}

  int one(const Parts& parts, const Asked& asked, std::stop_token stop) {
    auto wanted = options_.once.of(asked, parts.ledger);
    if (!wanted) return report(context_, wanted.error());
    Telling telling(context_, asked.spec.id);
    const auto agreed = [&](const Look& seen) { return agree(seen, telling, stop); };
    auto partly = reconcile_partly(parts, *wanted, options_.once.cut(), who(), agreed,
                                   telling.events(), {.stop = stop});
    const bool in_part = partly && !partly->cut.by.empty();
    const int end = in_part ? well : partly ? status_of(partly->done) : wrong;
    if (const auto exit = telling.ended(partly ? &partly->done : nullptr, end)) return *exit;
    if (in_part && partly->done.changed) return tell_cut(*partly);
    const Result<Reconciled> done =
        partly ? Result<Reconciled>(std::move(partly->done)) : Result<Reconciled>(failed(partly));
    if (done && saved_ && !done->changed && !done->declined)
      if (auto why = moved(saved_->at(done->plan.environment.text()), done->plan))
        return report(context_, *why);
    const int status = tell_applied(context_, done);
    if (done && done->changed && wanted->instead) return tell_held(*done, *wanted);
    return status;
  }

 private:
  Result<bool> agree(const Look& seen, Telling& telling, const std::stop_token& stop) {
    const Plan& plan = seen.plan;
    if (saved_)
      if (auto why = moved(saved_->at(plan.environment.text()), plan))
        return failure(std::move(*why));
    if ((options_.yes || saved_) && telling.plan(plan)) return true;
    if (saved_) {
      std::cout << render_header(plan, context_.page()) << "\n";
      return true;
    }
    if (options_.yes) {
      std::cout << render(plan, context_.page()) << "\n";
      return true;
    }
    if (!stdin_is_terminal() || context_.options().json)
      return failure(
          no_terminal("apply asks before it changes anything",
                      fmt::format("reconciler apply {} --yes", plan.environment.text())));
    std::cout << render(plan, context_.page());
    const bool agreed = ask(context_, "Apply?", stop);
    std::cout << "\n";
    return agreed;
  }

  /// What git asks for is not what runs, as was asked for.
  int tell_held(const Reconciled& done, const Asked& asked) const {
    std::cout << held_off(done.plan, asked, context_.page());
    return well;
  }

  /// It ended where it was to.
  static int tell_cut(const Partly& partly) {
    const Plan& plan = partly.done.plan;
    const std::string id = plan.environment.text();
    std::cout << fmt::format("\n{}: {} ({}), after {}.\n", id, partly.cut.leaves, partly.cut.by,
                             for_people(partly.done.took));
    if (partly.cut.unrecorded)
      std::cout << fmt::format("next  reconciler apply {}, which goes on from there\n", id);
    return well;
  }

  Context& context_;
  const ApplyOptions& options_;
  std::optional<Saved> saved_;
};

int apply(Context& context, const ApplyOptions& options, std::stop_token stop) {
  auto saved = read_saved(options.environments);
  if (!saved) return report(context, saved.error());
  std::vector<std::string> names = options.environments;
  if (*saved && options.once.any())
    return report(context, error("usage", fmt::format("{} is performed as it was saved, and whole",
                                                      options.environments[0]))
                               .next("leave the options out, or name APP/ENV"));
  if (*saved) {
    names.clear();
    for (const auto& [name, plan] : **saved) names.push_back(name);
  }
  auto selection = select(context, names, options.no_fetch ? Reading::last : Reading::fetch, stop);
  if (!selection)
    return report(context, explained_arguments(std::move(selection.error()), options.environments));
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  int worst = well;
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  for (const auto& broken : selection->broken) worst = report(context, broken.error);
  Applying applying(context, options, std::move(*saved));
  bool first = true;
  for (const auto& asked : selection->asked) {
    if (stop.stop_requested()) break;
    if (!first) std::cout << "\n";
    first = false;
    const int status = applying.one(*parts, asked, stop);
    if (status != well && worst != wrong) worst = status;
  }
  return worst;
}

}  // namespace

void add_apply(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<ApplyOptions>();
  auto* verb = app.add_subcommand("apply", "Show the plan, ask, and perform it.");
  verb->add_option(
          "environment", options->environments,
          "APP/ENV, or ENV where that is unique; or a file that plan --out saved; none: all")
      ->type_name("APP/ENV|FILE");
  add_yes(*verb, options->yes);
  add_no_fetch(*verb, options->no_fetch);
  add_once(*verb, options->once);
  verb->footer(
      "0 done, or nothing to do; 1 failed, gone back, stalled or suspended; 3 blocked by a gate.\n"
      "What --until cuts off, and a release step that --skip leaves out, stay due: the version is\n"
      "not recorded, run leaves it so, and the next apply goes on.\n"
      "Examples:\n  reconciler apply portfolio/production\n  reconciler apply next.json\n"
      "  reconciler apply portfolio/production --until supply\n"
      "  reconciler apply portfolio/production --skip https://shop.example.com/\n"
      "  reconciler apply portfolio/production --tag v1.2.3");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return apply(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
