// `suspend` and `resume`: a person's stop, and its end.
#include <fmt/format.h>
#include <time.h>

#include <iostream>

#include "reconciler/base/duration.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

struct SuspendOptions {
  std::string environment;
  std::string reason;
  std::string until;
};

/// `2026-11-28T09:00`, with seconds where they are wanted: UTC with a `Z`, else this machine's
/// time.
std::optional<WallTime> parse_time(const std::string& text) {
  for (const char* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"}) {
    std::tm parts{};
    parts.tm_isdst = -1;
    const char* rest = ::strptime(text.c_str(), form, &parts);
    if (!rest) continue;
    const std::string_view zone = rest;
    if (zone != "" && zone != "Z") continue;
    return WallTime(std::chrono::seconds(zone == "Z" ? ::timegm(&parts) : ::mktime(&parts)));
  }
  return std::nullopt;
}

Result<std::optional<WallTime>> end_of(const std::string& until, WallTime now) {
  if (until.empty()) return std::optional<WallTime>();
  std::optional<WallTime> end = parse_time(until);
  if (!end)
    if (auto lasts = parse_duration(until))
      end = now + std::chrono::ceil<std::chrono::seconds>(*lasts);
  if (!end)
    return failure(error("usage", fmt::format("--until \"{}\" is neither a time nor a duration",
                                              printable(until, 60)))
                       .next("write 2h, 3d or 2026-11-28T09:00"));
  if (*end <= now)
    return failure(error("usage", fmt::format("--until {} is {}, which is over: it is {} now",
                                              printable(until, 60), to_text(*end), to_text(now)))
                       .next("write a time to come, or leave it out"));
  return end;
}

/// Known here, or named by the repository: nobody is told that a mistyped one is suspended.
Result<EnvironmentId> named(Context& context, const Ledger& ledger, const std::string& name,
                            std::stop_token stop) {
  const auto known = known_environment(context, name);
  auto all = ledger.environments();
  if (!all) return failed(all);
  if (known && std::ranges::find(*all, known->id) != all->end()) return known->id;
  auto selection = select(context, {name}, Reading::fetch, std::move(stop));
  if (!selection) return failed(selection);
  return selection->asked.at(0).spec.id;
}

int suspend(Context& context, const SuspendOptions& options, std::stop_token stop) {
  auto ledger = context.ledger();
  if (!ledger) return report(context, ledger.error());
  auto until = end_of(options.until, context.clock().wall());
  if (!until) return report(context, until.error());
  auto id = named(context, **ledger, options.environment, std::move(stop));
  if (!id) return report(context, id.error());
  const Suspension suspension{who(), options.reason, context.clock().wall(), *until};
  if (auto done = (*ledger)->suspend(*id, suspension); !done) return report(context, done.error());
  std::cout << fmt::format("{} is suspended {}.\n", id->text(), for_people(suspension));
  // It is not waited for: what was begun is brought to its end, and nothing after it begins.
  if (auto free =
          lock_environment(context.options().state, *id, {context.clock(), Duration{0}, {}});
      !free && free.error().code == "lock.held")
    std::cout << fmt::format("now   what is at it is brought to its end first: {}\n",
                             free.error().message);
  std::cout << fmt::format("next  reconciler resume {}\n", id->text());
  return well;
}

int resume(Context& context, const std::string& environment) {
  auto known = known_environment(context, environment);
  if (!known) return report(context, known.error());
  if (auto done = known->ledger.resume(known->id); !done) return report(context, done.error());
  const std::string id = known->id.text();
  std::cout << fmt::format("{} is not suspended any more.\nnext  reconciler plan {}\n", id, id);
  return well;
}

}  // namespace

void add_suspend(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<SuspendOptions>();
  auto* verb = app.add_subcommand(
      "suspend", "Do nothing to an environment, healing included, until resume or a time.");
  add_environment(*verb, options->environment);
  verb->add_option("--reason", options->reason, "Why, for the others")->type_name("TEXT");
  verb->add_option("--until", options->until,
                   "When it ends by itself: 2h, 3d, 2026-11-28T09:00 (with a Z: UTC)")
      ->type_name("TIME|DURATION");
  verb->footer(
      "Examples:\n  reconciler suspend portfolio/production --reason \"moving the disks\"\n  "
      "reconciler suspend stage --until 2h");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return suspend(context, *options, std::move(stop));
  });
}

void add_resume(CLI::App& app, Context& context, Verb& chosen) {
  auto environment = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("resume", "Take a suspension back.");
  add_environment(*verb, *environment);
  verb->footer("Examples:\n  reconciler resume portfolio/production\n  reconciler resume stage");
  performs(*verb, chosen,
           [&context, environment](std::stop_token) { return resume(context, *environment); });
}

}  // namespace reconciler::cli
