// `cancel`: what is under way ends at its next safe point, and nobody but a person goes on.
#include "reconciler/ledger/cancel.hpp"

#include <fmt/format.h>

#include <iostream>

#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

using namespace std::chrono_literals;

int cancel(Context& context, const std::string& environment, std::stop_token stop) {
  auto known = known_environment(context, environment);
  if (!known) return report(context, known.error());
  const std::string id = known->id.text();
  const std::string& state = context.options().state;
  auto run = known->ledger.open_run(known->id);
  if (!run) return report(context, run.error());
  if (!is_locked(state, known->id))
    return report(context, error("cancel.nothing", fmt::format("nothing is under way at {}", id))
                               .next(fmt::format("reconciler status {}", id)));
  if (auto wished = reconciler::cancel(state, known->id, who()); !wished)
    return report(context, wished.error());
  const std::string what =
      *run ? fmt::format("run {} of {}, to {},", (*run)->run.serial, id, (*run)->run.to)
           : fmt::format("what is under way at {}", id);
  std::cout << fmt::format("{} ends at its next safe point; waiting for it ...\n", what)
            << std::flush;
  auto ended = lock_environment(state, known->id, {context.clock(), 1h, std::move(stop)});
  if (!ended && ended.error().code == "lock.stopped")
    return report(context, error("cancel.not_waited", "the wish stands, and is not waited for")
                               .next(fmt::format("reconciler status {}", id)));
  if (!ended) return report(context, ended.error());
  std::cout << fmt::format("ended\nnext  reconciler status {}\n", id);
  return well;
}

}  // namespace

void add_cancel(CLI::App& app, Context& context, Verb& chosen) {
  auto environment = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("cancel",
                                  "End the apply that is under way, by whomever, at its next safe "
                                  "point; nobody but a person goes on from there.");
  add_environment(*verb, *environment);
  verb->footer(
      "Nothing is gone back from and nothing is killed: a task that runs goes on in its "
      "container.\n"
      "Examples:\n  reconciler cancel portfolio/production\n  reconciler cancel stage");
  performs(*verb, chosen, [&context, environment](std::stop_token stop) {
    return cancel(context, *environment, std::move(stop));
  });
}

}  // namespace reconciler::cli
