// `settle`: a person's answer to what became of once-only work that nobody else can know.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "reconciler/cli/by_hand.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/data_kept.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

struct SettleOptions {
  std::string environment;
  std::string task;
  std::string answer;
};

/// What the answer is about.
struct About {
  std::string key;
  bool tried = true;  ///< here
};

/// The once key of a step of what is wanted that was never tried here, and of which a person is
/// asked; empty when there is no such step.
Result<std::string> untried_step(Context& context, const EnvironmentId& id, const std::string& task,
                                 std::stop_token stop) {
  auto there = look_there(context, id, std::move(stop));
  if (!there) return failed(there);
  const Look& seen = there->look;
  // Of a stack that is yet to be taken over the plan alone says what it asks for.
  const auto& stalled = seen.plan.stalled;
  const std::string named = fmt::format(" settle {} {} ", id.text(), task);
  if (!seen.memory.adopted && (!stalled || stalled->next.find(named) == std::string::npos))
    return std::string();
  for (const auto& step : seen.desired.steps)
    if (step.name == task && step.once == Once::tag && !seen.memory.once.contains(step.once_key))
      return step.once_key;
  return std::string();
}

/// That of the tag that a person wants deployed, else of the one that git asks for, where that can
/// be read.
std::optional<std::string> key_of_wanted(Context& context, const Known& known,
                                         const std::vector<std::string>& keys,
                                         std::stop_token stop) {
  const auto memory = known.ledger.memory(known.id);
  if (memory && memory->target && memory->target->is_deployed()) {
    const auto deployed = std::ranges::find(keys, memory->target->tag, tag_of_once);
    if (deployed != keys.end()) return *deployed;
  }
  const auto selection = select(context, {known.id.text()}, Reading::last, std::move(stop));
  if (selection && !selection->asked.empty()) {
    const auto wanted = std::ranges::find(keys, selection->asked.front().spec.tag, tag_of_once);
    if (wanted != keys.end()) return *wanted;
  }
  return std::nullopt;
}

/// What is wanted comes first, tried or not; then what waits for an answer the longest, or was
/// tried last.
Result<About> asked_about(Context& context, const Known& known, const std::string& task,
                          const std::stop_token& stop) {
  auto keys = known.ledger.once_keys(known.id, task);
  if (!keys) return failed(keys);
  if (auto wanted = keys->empty() ? std::nullopt : key_of_wanted(context, known, *keys, stop))
    return About{std::move(*wanted)};
  auto untried = untried_step(context, known.id, task, stop);
  if (untried && !untried->empty()) return About{std::move(*untried), false};
  if (!keys->empty()) return About{keys->front()};
  if (!untried) return failed(untried);
  return failure(error("settle.nothing",
                       fmt::format("no attempt at {} is known for {}", task, known.id.text()))
                     .next(fmt::format("reconciler history {}", known.id.text())));
}

/// Of data in doubt there is one answer: that it is right. What else would be said of it is said by
/// bringing a backup back.
int settle_data(Context& context, Known& known, Fate fate) {
  const std::string id = known.id.text();
  if (fate != Fate::succeeded)
    return report(
        context,
        error(
            "settle.fate",
            fmt::format(
                "the data of {} is in doubt: that it was not brought back makes it no better", id))
            .next(fmt::format("reconciler restore {}, which lists them; or, once the "
                              "data was put right by hand: reconciler settle {} restore "
                              "succeeded",
                              id, id)));
  if (auto done = known.ledger.settle_restore(known.id, who()); !done)
    return report(context, done.error());
  std::cout << fmt::format("The data of {} counts as whole.\nnext  reconciler plan {}\n", id, id);
  return well;
}

int settle(Context& context, const SettleOptions& options, std::stop_token stop) {
  auto known = known_environment(context, options.environment);
  if (!known) return report(context, known.error());
  auto lock =
      lock_environment(context.options().state, known->id, {context.clock(), Duration{0}, {}});
  if (!lock) return report(context, lock.error());
  const Fate fate = options.answer == "succeeded" ? Fate::succeeded : Fate::not_started;
  if (options.task == "restore" && data_in_doubt(known->ledger, known->id))
    return settle_data(context, *known, fate);
  auto about = asked_about(context, *known, options.task, stop);
  if (!about) return report(context, about.error());
  const std::string& key = about->key;
  if (auto done = about->tried ? known->ledger.settle(known->id, key, fate, who())
                               : known->ledger.assume(known->id, key, options.task, fate, who());
      !done)
    return report(context, done.error());
  const std::string tag = tag_of_once(key);
  std::cout << fmt::format("{} of {}{} counts as {}.\nnext  reconciler apply {}\n", options.task,
                           known->id.text(), tag.empty() ? "" : ", for " + tag + ",",
                           fate == Fate::succeeded ? "succeeded; it is not run again for this tag"
                                                   : "not run; the next apply runs it",
                           known->id.text());
  return well;
}

}  // namespace

void add_settle(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<SettleOptions>();
  auto* verb = app.add_subcommand(
      "settle", "Answer what became of a release that was cut off, or let a failed one run again.");
  add_environment(*verb, options->environment);
  verb->add_option("task", options->task, "The step's name, as the plan shows it")->required();
  verb->add_option("answer", options->answer, "succeeded | not-run")
      ->required()
      ->check(CLI::IsMember({"succeeded", "not-run"}));
  verb->footer(
      "Examples:\n  reconciler settle portfolio/production release succeeded\n  reconciler settle "
      "portfolio/production release not-run");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return settle(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
