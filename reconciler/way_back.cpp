#include "reconciler/way_back.hpp"

#include <utility>

#include "reconciler/apply/failures.hpp"
#include "reconciler/sweep.hpp"

namespace reconciler {

Error go_back(const Parts& parts, const Asked& asked, const Tools& tools, const std::string& who,
              const Applied& failed_one, std::stop_token stop) {
  const auto& id = asked.spec.id;
  auto memory = parts.ledger.memory(id);
  if (!memory) return std::move(memory.error());
  Plan back;
  back.environment = id;
  back.held = memory->target;
  back.to = memory->target ? memory->target->tag : "";
  auto wish = desire_target(parts, asked.spec, *memory);
  if (!wish)
    return not_gone_back(back, *failed_one.why,
                         cannot_go_back(id, *memory->target, std::move(wish.error())));
  auto look = look_at(parts, asked, std::move(*wish), std::move(*memory));
  if (!look) return not_gone_back(back, *failed_one.why, look.error());
  if (const auto& stalled = look->plan.stalled)
    return not_gone_back(look->plan, *failed_one.why,
                         error("plan.stalled", stalled->why).next(stalled->next));
  if (!look->plan.empty()) {
    tools.events.going_back(look->plan);
    Executor executor(tools);
    auto applied = executor.apply(look->plan, look->desired, look->variables, who, std::move(stop));
    if (!applied) return std::move(applied.error());
    if (applied->why && applied->why->code == "apply.superseded") return std::move(*applied->why);
    if (applied->why && !applied->stands)
      return not_gone_back(look->plan, *failed_one.why, *applied->why);
    sweep(parts, id);
  }
  return gone_back(look->plan, failed_one, look->memory.previous);
}

}  // namespace reconciler
