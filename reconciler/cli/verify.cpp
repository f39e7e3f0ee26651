// `verify`: the checks of what runs, asked once, now. Changes nothing, and is no run of the ledger.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/apply/ask.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/seeing.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/desire.hpp"

namespace reconciler::cli {
namespace {

using namespace std::chrono_literals;
using Kind = CheckAnswer::Kind;

constexpr Duration restore_within{1min};

/// A version with the checks that are asked of it.
struct Checked {
  Desired desired;
  Variables variables;
  std::string note;  ///< why it is not what git asks for
};

/// What was recorded last, as it was then: git may ask for another version by now, or for nothing
/// that can be read.
Result<Checked> recorded(const Parts& parts, const EnvironmentId& id, const Memory& memory,
                         std::string note) {
  auto kept =
      restore_version(parts.ledger, parts.drivers, {id, memory.current->tag, Ledger::Slot::current},
                      Deadline(parts.clock, restore_within));
  if (!kept) return failed(kept);
  return Checked{std::move(kept->desired), std::move(kept->variables), std::move(note)};
}

Result<Checked> what_runs(const Parts& parts, const Asked& asked, const std::stop_token& stop) {
  const EnvironmentId& id = asked.spec.id;
  auto memory = parts.ledger.memory(id);
  if (!memory) return failed(memory);
  auto wish = desire(parts, asked, *memory, stop);
  if (wish && (!memory->current || memory->current->tag == wish->desired.tag))
    return Checked{std::move(wish->desired), std::move(wish->variables), ""};
  if (!memory->current) return failed(wish);
  if (!wish)
    return recorded(parts, id, *memory,
                    fmt::format("what git asks for cannot be read: {}", wish.error().message));
  return recorded(parts, id, *memory,
                  fmt::format("git asks for {}; what runs was recorded at {}", wish->desired.tag,
                              memory->current->tag));
}

std::string word(Kind kind) {
  switch (kind) {
    case Kind::well:
      return "well";
    case Kind::unwell:
      return "unwell";
    case Kind::warned:
      return "warned";
    case Kind::not_asked:
      return "not_asked";
  }
  return "";
}

void print_answers(const Checked& checked, const std::vector<CheckAnswer>& answers,
                   const Page& page) {
  std::cout << fmt::format("{}  {}   {}\n", checked.desired.id.text(), checked.desired.tag,
                           count(answers.size(), "check"));
  if (!checked.note.empty()) std::cout << "  " << wrapped(printable(checked.note), 2, page) << "\n";
  std::cout << "\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& answer : answers)
    rows.push_back({printable(answer.title), for_people(answer.took), printable(answer.said)});
  const size_t indent = 2 + sign_width(page) + 1;
  for (size_t i = 0; i < answers.size(); ++i) {
    const Kind kind = answers[i].kind;
    const Sign of = kind == Kind::well     ? Sign::well
                    : kind == Kind::unwell ? Sign::wrong
                                           : Sign::watch;
    size_t title = 0;
    for (const auto& row : rows) title = std::max(title, columns_of(row[0]));
    std::vector<std::string> row = rows[i];
    row[0] += std::string(title - columns_of(row[0]), ' ');
    row[1] = fmt::format("{:>8}", row[1]);
    std::cout << "  " << sign(of, page) << table({row}, indent, page).substr(indent - 1);
    for (const auto& line : answers[i].lines) std::cout << "      " << printable(line, 200) << "\n";
  }
}

void print_answers_json(const Checked& checked, const std::vector<CheckAnswer>& answers) {
  JsonArray checks;
  for (const auto& answer : answers)
    checks.push_back(JsonObject{{"check", answer.title},
                                {"result", word(answer.kind)},
                                {"said", answer.said},
                                {"lines", reconciler::to_json(answer.lines)},
                                {"took_ms", answer.took.count()}});
  std::cout << boost::json::serialize(JsonObject{{"format_version", "1.0"},
                                                 {"environment", checked.desired.id.text()},
                                                 {"tag", checked.desired.tag},
                                                 {"note", checked.note},
                                                 {"checks", std::move(checks)}})
            << "\n";
}

int verify(Context& context, const std::string& name, const std::stop_token& stop) {
  auto selection = select(context, {name}, Reading::last, stop);
  if (!selection) return report(context, selection.error());
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  auto checked = what_runs(*parts, selection->asked.at(0), stop);
  if (!checked) return report(context, checked.error());
  const auto answers = ask_checks(parts->drivers, parts->clock, parts->ledger, checked->desired,
                                  checked->variables, stop);
  if (context.options().json)
    print_answers_json(*checked, answers);
  else
    print_answers(*checked, answers, context.page());
  const auto unwell = std::ranges::count(answers, Kind::unwell, &CheckAnswer::kind);
  const std::string id = checked->desired.id.text();
  if (unwell == 0) {
    if (!context.options().json) std::cout << fmt::format("\n{} is well.\n", id);
    return well;
  }
  return report(
      context,
      error("verify.failed", fmt::format("{} of {} is not well: {} of {}", checked->desired.tag, id,
                                         unwell, count(answers.size(), "check")))
          .with("unchanged", "asked once, and nothing was done about it")
          .next(fmt::format("mend it; another version: reconciler rollback {}. status does not ask "
                            "these checks",
                            id)));
}

}  // namespace

void add_verify(CLI::App& app, Context& context, Verb& chosen) {
  auto name = std::make_shared<std::string>();
  auto* verb = app.add_subcommand(
      "verify",
      "Ask the checks of what runs, once and now. Changes nothing, fetches nothing, and history "
      "does not know of it. 1 when one fails.");
  add_environment(*verb, *name);
  verb->footer(
      "Examples:\n  reconciler verify portfolio/production\n  reconciler verify production --json");
  performs(*verb, chosen,
           [&context, name](std::stop_token stop) { return verify(context, *name, stop); });
}

}  // namespace reconciler::cli
