// `history`: the runs of an environment, or one of them with what it did and said.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <limits>
#include <set>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/known.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

struct HistoryOptions {
  std::string environment;
  RunId run = 0;
  bool log = false;
  size_t limit = 20;
};

/// `held`: somebody works on the environment.
std::string outcome(const RunRow& run, bool held) {
  if (!run.ended) return held ? "at it" : "cut off";
  static const std::set<std::string_view> told = {"StepLeftOut", "Restarted", "TaskRun",
                                                  "BackedUp",    "Restored",  "Settled"};
  return run.end.condition == "Ready" && !told.contains(run.end.reason)
             ? "Ready"
             : run.end.condition + "/" + run.end.reason;
}

/// What a run beside what git asks for was about: `restore 20261128T231757Z-v1.2.3.backup`. Empty
/// for all others.
std::string beside(const RunRow& run) {
  if (!run.aside || run.attempts.empty()) return "";
  // Before a restore there is a backup.
  const auto restore = std::ranges::find(run.attempts, "restore", &AttemptRow::verb);
  const auto& about = restore == run.attempts.end() ? run.attempts.front() : *restore;
  return fmt::format("{} {}", about.verb, about.title);
}

/// `before`: the run before it, where there is one. A version that was gone back to may be looked
/// after by many runs; the first of them went there.
std::string versions(const RunRow& run, const RunRow* before = nullptr) {
  if (const std::string what = beside(run); !what.empty())
    return fmt::format("{}: {}", run.to, what);
  const bool went = run.from != run.to || (before && before->to != run.to);
  if (went && run.instead == "Requested") return "rollback to " + run.to;
  if (went && run.instead == "OperatorDeployed") return "kept " + run.to;
  if (went && run.instead == deployed) return fmt::format("{} -> {} (--tag)", run.from, run.to);
  if (went && !run.instead.empty()) return "back to " + run.to;
  return run.from == run.to || run.from.empty() ? run.to : run.from + " -> " + run.to;
}

std::string fate_of(const AttemptRow& attempt) {
  return !attempt.code.empty() ? attempt.code
         : attempt.fate        ? std::string(to_text(*attempt.fate))
                               : "no result";
}

std::vector<std::string> cells(const AttemptRow& attempt) {
  std::string fate = fate_of(attempt);
  if (!attempt.settled_by.empty()) fate += fmt::format(" (said {})", attempt.settled_by);
  if (!attempt.message.empty()) fate += ": " + printable(attempt.message);
  return {attempt.verb, attempt.title, attempt.took ? for_people(*attempt.took) : "-",
          std::move(fate)};
}

JsonObject run_as_json(const RunRow& run) {
  return {{"run", run.serial},
          {"started", to_text(run.started)},
          {"from", run.from},
          {"to", run.to},
          {"instead_of_git", run.instead},
          {"beside", beside(run)},
          {"who", run.who},
          {"config", run.config_commit},
          {"condition", run.end.condition},
          {"reason", run.end.reason},
          {"code", run.end.code},
          {"message", run.end.message}};
}

/// With what it did, or with what it said.
int one_run_json(const RunRow& run, const std::vector<std::string>* log) {
  JsonObject out = run_as_json(run);
  out["format_version"] = "1.0";
  if (log) {
    out["log"] = to_json(*log);
  } else {
    JsonArray attempts;
    for (const auto& attempt : run.attempts)
      attempts.push_back(
          JsonObject{{"phase", to_text(attempt.phase)},
                     {"kind", attempt.verb},
                     {"title", attempt.title},
                     {"took_ms", attempt.took ? Json(attempt.took->count()) : Json()},
                     {"fate", fate_of(attempt)},
                     {"message", attempt.message},
                     {"settled_by", attempt.settled_by}});
    out["attempts"] = std::move(attempts);
  }
  std::cout << boost::json::serialize(out) << "\n";
  return well;
}

/// Whether the newest run is at it, and was not cut off: asked before it was read and after, as it
/// may have begun or ended meanwhile.
class Held {
 public:
  Held(Context& context, EnvironmentId id)
      : state_(context.options().state), id_(std::move(id)), before_(is_locked(state_, id_)) {}
  bool now() const { return before_ || is_locked(state_, id_); }

 private:
  std::string state_;
  EnvironmentId id_;
  bool before_;
};

int one_run(Context& context, Ledger& ledger, const EnvironmentId& id, RunId serial, bool log) {
  const Held held(context, id);
  auto run = ledger.run(serial);
  if (!run)
    return report(context,
                  std::move(run.error()).next(fmt::format("reconciler history {}", id.text())));
  if (run->id != id)
    return report(context, error("run.unknown", fmt::format("run {} is one of {}, not of {}",
                                                            serial, run->id.text(), id.text()))
                               .next(fmt::format("reconciler history {}", id.text())));
  if (log) {
    auto lines = ledger.log(serial);
    if (!lines) return report(context, lines.error());
    if (context.options().json) return one_run_json(*run, &*lines);
    if (lines->empty()) std::cerr << fmt::format("run {} said nothing\n", serial);
    for (const auto& line : *lines) std::cout << printable(line, 4096) << "\n";
    return well;
  }
  if (context.options().json) return one_run_json(*run, nullptr);
  std::cout << fmt::format("run {}  {}  {}{}  {}  {}\n", run->serial, run->id.text(),
                           versions(*run), run->who.empty() ? "" : " by " + run->who,
                           to_text(run->started), outcome(*run, held.now()));
  const Page page = context.page();
  std::vector<std::vector<std::string>> rows;
  for (const auto& attempt : run->attempts) rows.push_back(cells(attempt));
  std::cout << table(rows, 2, page);
  if (!run->end.message.empty())
    std::cout << "  " << wrapped(fmt::format("{}: {}", run->end.code, run->end.message), 2, page)
              << "\n";
  return well;
}

int history(Context& context, const HistoryOptions& options) {
  auto known = known_environment(context, options.environment);
  if (!known) return report(context, known.error());
  if (options.run > 0) return one_run(context, known->ledger, known->id, options.run, options.log);
  const Held held(context, known->id);
  auto runs = known->ledger.history(known->id, options.log ? 1 : options.limit);
  if (!runs) return report(context, runs.error());
  if (options.log && !runs->empty())
    return one_run(context, known->ledger, known->id, runs->front().serial, true);
  if (context.options().json) {
    JsonArray rows;
    for (const auto& run : *runs) rows.push_back(run_as_json(run));
    std::cout << boost::json::serialize(
                     JsonObject{{"format_version", "1.0"}, {"runs", std::move(rows)}})
              << "\n";
    return well;
  }
  if (runs->empty()) {
    std::cout << fmt::format("{} has no history here yet.\n", known->id.text());
    return well;
  }
  std::vector<std::vector<std::string>> rows{{"RUN", "STARTED", "VERSION", "BY", "ENDED"}};
  for (size_t i = 0; i < runs->size(); ++i) {
    const RunRow& run = (*runs)[i];
    const RunRow* before = i + 1 < runs->size() ? &(*runs)[i + 1] : nullptr;
    rows.push_back({std::to_string(run.serial), to_text(run.started), versions(run, before),
                    run.who, outcome(run, i == 0 && held.now())});
  }
  std::cout << table(rows, 0, context.page());
  return well;
}

}  // namespace

void add_history(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<HistoryOptions>();
  auto* verb = app.add_subcommand("history", "What was done, when, by whom, and how it ended.");
  add_environment(*verb, options->environment);
  const auto from_one = CLI::Range(RunId{1}, std::numeric_limits<RunId>::max());
  verb->add_option("--run", options->run, "One run: what it did")->check(from_one)->type_name("N");
  verb->add_flag("--log", options->log, "Everything that run said; without --run the last one's");
  verb->add_option("--limit", options->limit, "How many runs")
      ->check(from_one)
      ->type_name("N")
      ->capture_default_str();
  verb->footer(
      "Examples:\n  reconciler history portfolio/production\n  reconciler history "
      "portfolio/production --run 57 --log");
  performs(*verb, chosen,
           [&context, options](std::stop_token) { return history(context, *options); });
}

}  // namespace reconciler::cli
