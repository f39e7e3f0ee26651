// `run`: keeps every environment of this host as its repository asks, until it is stopped.
#include "reconciler/cli/commands.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/service/service.hpp"

namespace reconciler::cli {
namespace {

/// Apply's events as log lines.
class ToLog final : public Events {
 public:
  explicit ToLog(Log& log) : log_(log) {}
  void started(const Action&) override {}
  void line(const Action&, std::string_view) override {}
  void finished(const Action& action, Duration took, std::string_view detail) override {
    log_.info(action.work.verb + " " + action.title + " " + for_people(took) +
              (detail.empty() ? "" : " " + std::string(detail)));
  }
  void failed(const Action& action, Duration took, std::string_view detail,
              const std::vector<std::string>& last) override {
    log_.warn(action.work.verb + " " + action.title + " failed after " + for_people(took) + " " +
              std::string(detail));
    for (const auto& line : last) log_.warn("  " + line);
  }

 private:
  Log& log_;
};

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
  ToLog events(*log);
  Service service(*parts, *log, events);
  while (!stop.stop_requested()) {
    const Instant next = service.step(stop);
    context.clock().wait_until(next, stop);
  }
  return well;
}

}  // namespace

void add_run(CLI::App& app, Context& context, Verb& chosen) {
  auto* verb = app.add_subcommand(
      "run", "Keep every environment of this host as its repository asks, until stopped.");
  verb->footer("Examples:\n  reconciler run\n  reconciler --repo /srv/deploy run");
  verb->callback([&context, &chosen] {
    chosen = [&context](std::stop_token stop) { return run_service(context, std::move(stop)); };
  });
}

}  // namespace reconciler::cli
