#include "reconciler/cli/by_hand.hpp"

#include "reconciler/cli/selection.hpp"
#include "reconciler/plan/by_hand.hpp"

namespace reconciler::cli {

Result<Seen> look_there(Context& context, const EnvironmentId& id, std::stop_token stop) {
  auto selection = select(context, {id.text()}, Reading::last, stop);
  if (!selection) return failed(selection);
  auto parts = context.parts();
  if (!parts) return failed(parts);
  Asked& asked = selection->asked.at(0);
  auto seen = look(*parts, asked, std::move(stop));
  if (!seen) return failed(seen);
  return Seen{std::move(asked), std::move(*seen)};
}

std::optional<ByHand> deployed_by_hand(Context& context, const EnvironmentId& id,
                                       std::stop_token stop) {
  auto seen = look_there(context, id, std::move(stop));
  if (!seen) return std::nullopt;
  const Look& look = seen->look;
  auto tag = reconciler::deployed_by_hand(look.desired, look.observation, look.memory);
  if (!tag) return std::nullopt;
  return ByHand{std::move(*tag), std::move(seen->asked)};
}

}  // namespace reconciler::cli
