#include "reconciler/cli/known.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/selection.hpp"

namespace reconciler::cli {
namespace {

/// Where nothing was ever done for it: git may name it all the same, or somebody mistyped it.
Result<EnvironmentId> named_in_git(Context& context, const std::string& name, Error unknown) {
  auto selection = select(context, {name}, Reading::last, {});
  if (selection) return selection->asked.at(0).spec.id;
  if (exit_of(selection.error()) == usage && selection.error().code != "usage")
    return failed(selection);
  auto id = parse_environment_id(name);
  if (id) return id;
  return failure(std::move(unknown));
}

Result<EnvironmentId> find_known(Context& context, const Ledger& ledger, const std::string& name) {
  auto known = ledger.environments();
  if (!known) return failed(known);
  std::vector<std::string> all;
  std::vector<EnvironmentId> found;
  for (const auto& id : *known) {
    all.push_back(id.text());
    if (id.environment == name || id.text() == name) found.push_back(id);
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    return named_in_git(
        context, name,
        error("env.unknown",
              fmt::format("nothing was done for an environment \"{}\" here", printable(name, 130)))
            .next(all.empty() ? "write APP/ENV"
                              : fmt::format("there {} {}", all.size() == 1 ? "is" : "are",
                                            enumerate(all))));
  all.clear();
  for (const auto& id : found) all.push_back(id.text());
  return failure(error("env.ambiguous",
                       fmt::format("\"{}\" is the name of {} environments", name, found.size()))
                     .next("write one of " + enumerate(all)));
}

}  // namespace

Result<Known> known_environment(Context& context, const std::string& name) {
  auto ledger = context.ledger();
  if (!ledger) return failed(ledger);
  auto id = find_known(context, **ledger, name);
  if (!id) return failed(id);
  return Known{**ledger, std::move(*id)};
}

}  // namespace reconciler::cli
