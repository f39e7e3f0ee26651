// `status`: every environment at a glance, or the things of one.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/ago.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/data_kept.hpp"
#include "reconciler/ledger/locks.hpp"

namespace reconciler::cli {
namespace {

struct EnvironmentRow {
  EnvironmentId id;
  std::string tag;
  Condition condition;
  std::string since;  ///< empty: not known
  std::optional<Look> seen;
  std::optional<WallTime> last{};  ///< when the last run was

  /// Who cannot look cannot say that it is well.
  bool needs_someone() const {
    return condition.needs_someone() || condition.reason == "CannotLook";
  }
};

/// What became of the data comes before what became of the version; a person who stopped everything
/// comes before both. `held`: somebody holds the environment, at work or only looking.
void say_of_data(const Ledger& ledger, const EnvironmentId& id, bool held, bool backs_up,
                 Condition& now) {
  const auto unended = held ? ledger.unended_run(id) : std::nullopt;
  const bool at_work = unended && *unended;
  auto data = at_work ? being_restored(**unended) : std::nullopt;
  if (!data) data = half_restored(ledger, id);
  bool first = data && now.word != "Suspended";
  if (!data && !at_work) {
    data = unwell_since_restored(ledger, id);
    first = now.word == "Ready" || now.word == "Reconciling";
  }
  if (!data && !at_work && backs_up) {
    data = not_backed_up(ledger, id);
    first = now.word == "Ready";
  }
  if (!data) return;
  if (first) {
    // What is down besides is no less down for it, and only that can be put right by itself.
    if (now.reason == "Due") {
      data->why += "; due besides: " + now.why;
      data->next += "; what is due: " + now.next;
    } else if (now.word == "Reconciling" || now.reason == "CannotLook") {
      data->why += "; besides: " + now.why;
      data->next += "; then: " + now.next;
    }
    now = std::move(*data);
    return;
  }
  now.why += "; and " + data->why;
  now.next += "; then: " + data->next;
}

EnvironmentRow row_of(const Parts& parts, const Asked& asked, std::stop_token stop) {
  EnvironmentRow row{asked.spec.id, asked.spec.tag, {}, "", std::nullopt};
  auto seen = look(parts, asked, std::move(stop));
  // In this order: what ends in between has ended, and was not cut off.
  const bool at_it = is_locked(parts.state, asked.spec.id);
  const auto last = parts.ledger.last_run(asked.spec.id);
  const std::optional<RunRow> run = last ? *last : std::nullopt;
  if (seen) {
    row.tag = seen->memory.current ? seen->memory.current->tag : "-";
    row.condition = condition_of(seen->plan, run, at_it);
    const bool backs_up = member(asked.spec.sections, "backup") != nullptr;
    say_of_data(parts.ledger, asked.spec.id, at_it, backs_up, row.condition);
    row.seen = std::move(*seen);
  } else {
    const auto memory = parts.ledger.memory(asked.spec.id);
    row.tag = memory && memory->current ? memory->current->tag : "-";
    row.condition = condition_of(asked.spec.id, seen.error());
    say_of_data(parts.ledger, asked.spec.id, at_it, false, row.condition);
  }
  if (run) row.last = run->ended.value_or(run->started);
  if (row.condition.since) row.since = ago(*row.condition.since, parts.clock.wall());
  return row;
}

/// Environments whose manifest cannot be read: what is known of them is what the ledger remembers.
std::vector<EnvironmentRow> rows_of(const Parts& parts, const Broken& broken) {
  std::vector<EnvironmentRow> rows;
  const auto add = [&](const EnvironmentId& id) {
    const auto memory = parts.ledger.memory(id);
    const std::string tag = memory && memory->current ? memory->current->tag : "-";
    rows.push_back({id, tag, condition_of(id, broken.error), "", std::nullopt});
    say_of_data(parts.ledger, id, is_locked(parts.state, id), false, rows.back().condition);
  };
  if (!broken.environment.empty()) add({broken.application, broken.environment});
  if (!broken.environment.empty()) return rows;
  if (auto known = parts.ledger.environments())
    for (const auto& id : *known)
      if (id.application == broken.application) add(id);
  return rows;
}

/// Recorded here, and named by no manifest that can be read.
std::vector<EnvironmentRow> forgotten_rows(const Parts& parts, const Named& named) {
  std::vector<EnvironmentRow> rows;
  for (auto& [id, tag] : forgotten_environments(parts.ledger, named))
    rows.push_back({id, tag, forgotten(id), "", std::nullopt});
  return rows;
}

void print_table(const std::vector<EnvironmentRow>& rows, const Page& page) {
  std::vector<std::vector<std::string>> cells{{"ENVIRONMENT", "TAG", "CONDITION", "SINCE", ""}};
  for (const auto& row : rows)
    cells.push_back(
        {row.id.text(), row.tag, row.condition.word, row.since, printable(row.condition.why)});
  std::cout << table(cells, 0, page);
}

void print_one(const EnvironmentRow& row, const Parts& parts, const Page& page) {
  std::string how = fmt::format("{}  {}  {}", row.id.text(), row.tag, row.condition.word);
  if (row.condition.reason != "Succeeded") how += "/" + row.condition.reason;
  std::vector<std::string> why;
  if (row.seen) why.push_back("config " + row.seen->desired.config_commit.substr(0, 7));
  if (const auto last = parts.ledger.last_run(row.id); last && *last && (*last)->ended)
    why.push_back(fmt::format("applied {} ago by {}", ago(*(*last)->ended, parts.clock.wall()),
                              (*last)->who));
  std::cout << (why.empty() ? how + "\n" : render_header(how, join(why, ", "), page));
  if (!row.condition.why.empty()) std::cout << "  " << sentence(row.condition.why, 2, page) << "\n";
  if (!row.seen) return;
  // What runs first, a column each for tag, image, health, uptime; then what it is made of.
  std::vector<std::vector<std::string>> services;
  std::vector<std::vector<std::string>> others;
  for (const auto& r : row.seen->observation.resources) {
    if (r.summary.empty()) continue;
    const bool runs = r.id.kind == "service";
    std::vector<std::string> cells{r.id.name};
    if (!runs) cells.insert(cells.begin(), r.id.kind);
    for (auto& cell : split(r.summary, '\t')) cells.push_back(std::move(cell));
    (runs ? services : others).push_back(std::move(cells));
  }
  std::cout << table(services, 2, page);
  if (!others.empty()) std::cout << "\n" << table(others, 2, page);
}

Json row_as_json(const EnvironmentRow& row) {
  JsonObject out{{"environment", row.id.text()},    {"tag", row.tag},
                 {"condition", row.condition.word}, {"reason", row.condition.reason},
                 {"why", row.condition.why},        {"next", row.condition.next}};
  if (row.condition.since) out["since"] = to_text(*row.condition.since);
  if (row.seen) {
    JsonArray resources;
    for (const auto& r : row.seen->observation.resources)
      resources.push_back(JsonObject{{"id", r.id.text()},
                                     {"health", to_text(r.health)},
                                     {"state", r.state},
                                     {"summary", r.summary},
                                     {"as_desired", r.desired == r.observed}});
    out["resources"] = std::move(resources);
  }
  return out;
}

void print_rows_json(const std::vector<EnvironmentRow>& rows, std::optional<WallTime> fetched_at) {
  JsonArray environments;
  for (const auto& row : rows) environments.push_back(row_as_json(row));
  JsonObject all{{"format_version", "1.0"}, {"environments", std::move(environments)}};
  if (fetched_at) all["fetched_at"] = to_text(*fetched_at);
  std::cout << boost::json::serialize(all) << "\n";
}

/// What is remembered of a time to come was so when the clock was wrong, or it is wrong now.
void warn_of_clock(const std::vector<EnvironmentRow>& rows, WallTime now) {
  std::optional<WallTime> newest;
  for (const auto& row : rows)
    if (row.last) newest = std::max(newest.value_or(*row.last), *row.last);
  if (newest && *newest > now + out_of_step)
    std::cerr << fmt::format(
        "it is {}, and the ledger has a run of {}: set the clock, and keep it in step: timedatectl "
        "set-ntp true\n",
        to_text(now), to_text(*newest));
}

/// `alone`: one was named, and is shown with its things. 1 when one needs someone.
int print_rows(Context& context, const Parts& parts, const std::vector<EnvironmentRow>& rows,
               bool alone, std::optional<WallTime> fetched_at) {
  const auto needing = std::count_if(rows.begin(), rows.end(),
                                     [](const EnvironmentRow& r) { return r.needs_someone(); });
  const int status = needing > 0 ? wrong : well;
  if (context.options().json) {
    print_rows_json(rows, fetched_at);
    return status;
  }
  const Page page = context.page();
  if (alone && rows.size() == 1)
    print_one(rows[0], parts, page);
  else
    print_table(rows, page);
  if (needing > 0)
    std::cout << fmt::format("\n{} of {} need{} you:\n", needing, rows.size(),
                             needing == 1 ? "s" : "");
  std::vector<std::vector<std::string>> next;
  for (const auto& row : rows)
    if (row.needs_someone()) next.push_back({row.id.text(), row.condition.next});
  std::cout << table(next, 2, page, 3);
  if (fetched_at) std::cout << "\n" << as_of(*fetched_at, parts.clock.wall()) << "\n";
  return status;
}

/// One that git does not name any more, or whose manifest cannot be read: what is known of it is
/// what the ledger remembers. `why` it cannot be selected.
int remembered_status(Context& context, const Parts& parts, const std::string& name,
                      const Error& why, std::stop_token stop) {
  const auto all = select(context, {}, Reading::last, std::move(stop));
  if (!all) return report(context, why);
  std::vector<EnvironmentRow> rows = forgotten_rows(parts, all->named);
  for (const auto& broken : all->broken)
    for (auto& row : rows_of(parts, broken)) rows.push_back(std::move(row));
  std::erase_if(rows, [&](const EnvironmentRow& row) {
    return row.id.text() != name && row.id.environment != name;
  });
  if (rows.empty()) return report(context, why);
  const int status = print_rows(context, parts, rows, true, all->fetched_at);
  return why.code == "env.forgotten" ? status : report(context, why);
}

int status(Context& context, const std::vector<std::string>& names, std::stop_token stop) {
  auto selection = select(context, names, Reading::last, stop);
  if (!selection && (names.size() != 1 || exit_of(selection.error()) == usage))
    return report(context, selection.error());
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  if (!selection)
    return remembered_status(context, *parts, names[0], selection.error(), std::move(stop));
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  std::vector<EnvironmentRow> rows;
  for (const auto& asked : selection->asked) rows.push_back(row_of(*parts, asked, stop));
  for (const auto& broken : selection->broken)
    for (auto& row : rows_of(*parts, broken)) rows.push_back(std::move(row));
  if (names.empty())
    for (auto& row : forgotten_rows(*parts, selection->named)) rows.push_back(std::move(row));
  warn_of_clock(rows, parts->clock.wall());
  int worst = print_rows(context, *parts, rows, !names.empty(), selection->fetched_at);
  for (const auto& broken : selection->broken) worst = report(context, broken.error);
  return worst;
}

}  // namespace

void add_status(CLI::App& app, Context& context, Verb& chosen) {
  auto names = std::make_shared<std::vector<std::string>>();
  auto* verb = app.add_subcommand(
      "status",
      "How every environment is; with one named, its services. 1 when one needs someone.");
  verb->add_option("environment", *names, "APP/ENV, or ENV where that is unique; none: all");
  verb->footer("Examples:\n  reconciler status\n  reconciler status portfolio/production");
  performs(*verb, chosen, [&context, names](std::stop_token stop) {
    return status(context, *names, std::move(stop));
  });
}

}  // namespace reconciler::cli
