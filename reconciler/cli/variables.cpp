// `variables`: what an environment's variables are called, where they come from, and which have no
// usable value. Values on a terminal alone, when they are asked for.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/seeing.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/compile.hpp"
#include "reconciler/known_variables.hpp"

namespace reconciler::cli {
namespace {

constexpr const char* missing_code = "variables.missing";

struct Found {
  EnvironmentId id;
  Variables variables;
  /// Why not all of it is here: `variables.missing`, or what else is wrong with the version.
  std::optional<Error> wrong;

  bool lacks(const std::string& name) const {
    return wrong && wrong->code == missing_code &&
           std::ranges::find(wrong->facts, name, &Fact::label) != wrong->facts.end();
  }
};

Result<Found> find_variables(const Parts& parts, const Asked& asked, const std::stop_token& stop) {
  auto tree = tree_of(parts, asked, stop);
  if (!tree) return failed(tree);
  auto known = known_variables(parts, asked, *tree, stop);
  if (!known) return failed(known);
  Found found{asked.spec.id, std::move(*known), {}};
  // What compose files and steps want beyond that, their drivers know.
  if (auto whole = compile(parts, asked, *tree, stop); !whole)
    found.wrong = std::move(whole.error());
  return found;
}

void print_variables(const Found& found, bool reveal, const Page& page) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, variable] : found.variables) {
    if (found.lacks(name)) continue;
    std::vector<std::string> row{name, variable.value.reveal().empty() ? "empty" : "set",
                                 printable(variable.from)};
    if (reveal) row.push_back(printable(variable.value.reveal(), 4096));
    rows.push_back(std::move(row));
  }
  std::cout << fmt::format("{}   {} with a value\n\n", found.id.text(),
                           count(rows.size(), "variable"))
            << table(rows, 2, page);
}

Json variables_as_json(const Found& found) {
  JsonArray variables;
  for (const auto& [name, variable] : found.variables)
    if (!found.lacks(name))
      variables.push_back(JsonObject{{"name", name},
                                     {"state", variable.value.reveal().empty() ? "empty" : "set"},
                                     {"from", variable.from},
                                     {"secret", variable.secret}});
  return JsonObject{{"format_version", "1.0"},
                    {"environment", found.id.text()},
                    {"variables", std::move(variables)},
                    {"wrong", found.wrong ? to_json(*found.wrong) : Json()}};
}

int variables(Context& context, const std::string& name, bool reveal, const std::stop_token& stop) {
  if (reveal && (context.options().json || ::isatty(STDOUT_FILENO) == 0))
    return report(context,
                  error("usage", "values are shown on a terminal and nowhere else")
                      .next(fmt::format("on a terminal: reconciler variables {} --reveal; names "
                                        "and sources go anywhere, without --reveal",
                                        name)));
  auto selection = select(context, {name}, Reading::last, stop);
  if (!selection) return report(context, selection.error());
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  const auto found = find_variables(*parts, selection->asked.at(0), stop);
  if (!found) return report(context, found.error());
  if (context.options().json)
    std::cout << boost::json::serialize(variables_as_json(*found)) << "\n";
  else
    print_variables(*found, reveal, context.page());
  if (!found->wrong) return well;
  if (context.options().json) return exit_of(*found->wrong);
  std::cout << "\n" << std::flush;
  return report(context, *found->wrong);
}

}  // namespace

void add_variables(CLI::App& app, Context& context, Verb& chosen) {
  auto name = std::make_shared<std::string>();
  auto reveal = std::make_shared<bool>(false);
  auto* verb = app.add_subcommand(
      "variables",
      "What an environment's variables are called, where each comes from, and which have no usable "
      "value. 1 when one has none.");
  add_environment(*verb, *name);
  verb->add_flag("--reveal", *reveal, "Their values, too; on a terminal alone");
  verb->footer(
      "Examples:\n  reconciler variables portfolio/production\n  reconciler variables "
      "portfolio/production --reveal");
  performs(*verb, chosen, [&context, name, reveal](std::stop_token stop) {
    return variables(context, *name, *reveal, stop);
  });
}

}  // namespace reconciler::cli
