// `run`: keeps every environment of this host as its repository asks, until it is stopped.
#include <malloc.h>

#include <fmt/format.h>

#include <stop_token>

#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/ledger/locks.hpp"
#include "reconciler/service/service.hpp"
#include "reconciler/service/watch.hpp"

namespace reconciler::cli {
namespace {

int run_service(Context& context, std::stop_token stop) {
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  if (parts->host.repositories.empty())
    return report(
        context,
        error("usage", "no config repository is named")
            .next(
                "reconciler --repo PATH|URL run, or `repositories:` in /etc/reconciler/host.yaml"));
  const auto log = log_to_stderr();
  const auto lock = lock_service(context.options().state, context.clock());
  if (!lock) log->warn(fmt::format("{}: {}", lock.error().code, lock.error().message));
  Service service(
      *parts, [&] { return context.more_drivers(); }, *log);
  const Watch watch(
      parts->drivers, [&](const Heard& what) { service.heard(what); }, context.clock(), *log);
  // Of what is under way, too, which the service waits for as it goes.
  std::stop_source ending;
  const std::stop_callback ended(stop, [&] { ending.request_stop(); });
  while (!stop.stop_requested()) {
    const Instant next = service.step(ending.get_token());
    // Whoever starts it again opens the ledger anew.
    if (const auto why = parts->ledger.finished()) {
      ending.request_stop();
      return report(context, *why);
    }
    // What looks needed is not kept while nothing is looked at.
    if (service.idle() && next > context.clock().now()) ::malloc_trim(0);
    service.wait(next, stop);
  }
  return well;
}

}  // namespace

void add_run(CLI::App& app, Context& context, Verb& chosen) {
  auto* verb = app.add_subcommand(
      "run", "Keep every environment of this host as its repository asks, until stopped.");
  verb->footer("Examples:\n  reconciler run\n  reconciler --repo /srv/deploy run");
  performs(*verb, chosen,
           [&context](std::stop_token stop) { return run_service(context, std::move(stop)); });
}

}  // namespace reconciler::cli
