// What people ask of the program, and what they answer it.
#include "tests/simulation/happening.hpp"

namespace reconciler::simulation {

bool Happening::asked(const Event& event) {
  switch (event.what) {
    case Event::What::commit:
      story_.commit(event.tag());
      return true;
    case Event::What::rollback:
      past_.asked_back = true;
      story_.rollback();
      return true;
    case Event::What::retry:
      story_.retry();
      return true;
    case Event::What::suspend:
      story_.suspend();
      return true;
    case Event::What::resume:
      story_.resume();
      return true;
    case Event::What::settle:
      settle();
      return true;
    default:
      return false;
  }
}

void Happening::settle() {
  const auto seen = story_.look_once();
  if (!seen) return;
  const auto was_done = scene_->was_released(seen->desired.tag);
  if (!was_done) return;
  const Fate fate = *was_done ? Fate::succeeded : Fate::not_started;
  for (const auto& step : seen->desired.steps) {
    if (step.once != Once::tag) continue;
    if (seen->memory.once.contains(step.once_key))
      (void)story_.ledger().settle(story_.id, step.once_key, fate, "anna");
    else if (seen->memory.adopted)
      (void)story_.ledger().assume(story_.id, step.once_key, step.name, fate, "anna");
  }
}

/// A person does what the refusals say: the older copy goes away, and what runs is taken over.
std::optional<std::string> Happening::answer_for_ledger() {
  const std::string why = story_.condition().why;
  const std::string lineage = story_.memory().lineage;
  if (why.starts_with("ledger.behind")) {
    (void)story_.restart([&] { story_.move_ledger_away(); });
    invariants_.forget_serial();
    if (!story_.ledger().loss()) return "a ledger that was moved away is not missed";
  }
  if (story_.memory().lineage == lineage && story_.condition().reason != "LedgerLost" &&
      !why.starts_with("state.lineage"))
    return std::nullopt;
  Adoption adoption;
  adoption.who = "anna";
  adoption.lineages = scene_->lineages();
  scene_->adopted(adoption.lineages);
  if (auto done = story_.ledger().adopt(story_.id, adoption); !done)
    return "it cannot be adopted: " + render(done.error());
  return std::nullopt;
}

}  // namespace reconciler::simulation
