// `history`: the runs of an environment, or one of them with what it did and said.
#include <fmt/format.h>

#include <iostream>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/verb.hpp"

namespace reconciler::cli {
namespace {

struct HistoryOptions {
  std::string environment;
  RunId run = 0;
  bool log = false;
  size_t limit = 20;
};

std::string outcome(const RunRow& run) {
  if (!run.ended) return "not ended";
  return run.end.condition == "Ready" && run.end.reason != "StepLeftOut"
             ? "Ready"
             : run.end.condition + "/" + run.end.reason;
}

/// `before`: the run before it, where there is one. A version that was gone back to may be looked
/// after by many runs; the first of them went there.
std::string versions(const RunRow& run, const RunRow* before = nullptr) {
  const bool went = run.from != run.to || (before && before->to != run.to);
  if (went && run.instead == "Requested") return "rollback to " + run.to;
  if (went && run.instead == "OperatorDeployed") return "kept " + run.to;
  if (went && !run.instead.empty()) return "back to " + run.to;
  return run.from == run.to || run.from.empty() ? run.to : run.from + " -> " + run.to;
}

void print_attempt(const AttemptRow& attempt) {
  const std::string fate = !attempt.code.empty() ? attempt.code
                           : attempt.fate        ? std::string(to_text(*attempt.fate))
                                                 : "no result";
  std::cout << fmt::format("  {:<8} {:<40} {:>8}   {}", attempt.verb, attempt.title,
                           attempt.took ? for_people(*attempt.took) : "-", fate);
  if (!attempt.settled_by.empty()) std::cout << fmt::format(" (said {})", attempt.settled_by);
  if (!attempt.message.empty()) std::cout << ": " << printable(attempt.message, 160);
  std::cout << "\n";
}

int one_run(Context& context, Ledger& ledger, const EnvironmentId& id, RunId serial, bool log) {
  auto run = ledger.run(serial);
  if (!run) return report(context, run.error());
  if (run->id != id)
    return report(context, error("run.unknown", fmt::format("run {} is one of {}, not of {}",
                                                            serial, run->id.text(), id.text()))
                               .next(fmt::format("reconciler history {}", id.text())));
  if (log) {
    auto lines = ledger.log(serial);
    if (!lines) return report(context, lines.error());
    for (const auto& line : *lines) std::cout << printable(line, 4096) << "\n";
    return well;
  }
  std::cout << fmt::format("run {}  {}  {}{}  {}  {}\n", run->serial, run->id.text(),
                           versions(*run), run->who.empty() ? "" : " by " + run->who,
                           to_text(run->started), outcome(*run));
  for (const auto& attempt : run->attempts) print_attempt(attempt);
  if (!run->end.message.empty())
    std::cout << fmt::format("  {}: {}\n", run->end.code, run->end.message);
  return well;
}

int history(Context& context, const HistoryOptions& options) {
  auto known = known_environment(context, options.environment);
  if (!known) return report(context, known.error());
  if (options.run > 0) return one_run(context, known->ledger, known->id, options.run, options.log);
  auto runs = known->ledger.history(known->id, options.log ? 1 : options.limit);
  if (!runs) return report(context, runs.error());
  if (options.log && !runs->empty())
    return one_run(context, known->ledger, known->id, runs->front().serial, true);
  if (context.options().json) {
    JsonArray rows;
    for (const auto& run : *runs)
      rows.push_back(JsonObject{{"run", run.serial},
                                {"started", to_text(run.started)},
                                {"from", run.from},
                                {"to", run.to},
                                {"instead_of_git", run.instead},
                                {"who", run.who},
                                {"config", run.config_commit},
                                {"condition", run.end.condition},
                                {"reason", run.end.reason},
                                {"code", run.end.code},
                                {"message", run.end.message}});
    std::cout << boost::json::serialize(
                     JsonObject{{"format_version", "1.0"}, {"runs", std::move(rows)}})
              << "\n";
    return well;
  }
  if (runs->empty()) {
    std::cout << fmt::format("{} has no history here yet.\n", known->id.text());
    return well;
  }
  std::cout << "RUN   STARTED               VERSION                  BY          ENDED\n";
  for (size_t i = 0; i < runs->size(); ++i) {
    const RunRow& run = (*runs)[i];
    const RunRow* before = i + 1 < runs->size() ? &(*runs)[i + 1] : nullptr;
    std::cout << fmt::format("{:<5} {:<21} {:<24} {:<11} {}\n", run.serial, to_text(run.started),
                             versions(run, before), run.who, outcome(run));
  }
  return well;
}

}  // namespace

void add_history(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<HistoryOptions>();
  auto* verb = app.add_subcommand("history", "What was done, when, by whom, and how it ended.");
  add_environment(*verb, options->environment);
  verb->add_option("--run", options->run, "One run: what it did")->type_name("N");
  verb->add_flag("--log", options->log, "Everything that run said; without --run the last one's");
  verb->add_option("--limit", options->limit, "How many runs")->capture_default_str();
  verb->footer(
      "Examples:\n  reconciler history portfolio/production\n  reconciler history "
      "portfolio/production --run 57 --log");
  performs(*verb, chosen,
           [&context, options](std::stop_token) { return history(context, *options); });
}

}  // namespace reconciler::cli
