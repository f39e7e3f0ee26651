#include "reconciler/cli/known.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler::cli {
namespace {

Result<EnvironmentId> find(const Ledger& ledger, const std::string& name) {
  if (name.find('/') != std::string::npos) return parse_environment_id(name);
  if (auto well_formed = check_name("environment", name); !well_formed) return failed(well_formed);
  auto known = ledger.environments();
  if (!known) return failed(known);
  std::vector<std::string> all;
  std::vector<EnvironmentId> found;
  for (const auto& id : *known) {
    all.push_back(id.text());
    if (id.environment == name) found.push_back(id);
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    return failure(
        error("env.unknown", fmt::format("nothing was done for an environment \"{}\" here", name))
            .next(all.empty() ? "write APP/ENV" : "there are " + enumerate(all)));
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
  auto id = find(**ledger, name);
  if (!id) return failed(id);
  return Known{**ledger, std::move(*id)};
}

}  // namespace reconciler::cli
