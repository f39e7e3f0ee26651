#include "reconciler/apply/ask.hpp"

#include "reconciler/apply/attempt.hpp"
#include "reconciler/apply/kept.hpp"

namespace reconciler {
namespace {

using Kind = CheckAnswer::Kind;

/// What comes while it is asked is in its outcome as well.
class Nobody final : public Progress {
 public:
  void line(std::string_view) override {}
};

CheckAnswer ask(const Drivers& drivers, const Step& step, const Attempt& attempt,
                const Variables& variables, const Redaction& redaction,
                const std::stop_token& stop) {
  CheckAnswer answer;
  const Kind unwell = step.warn ? Kind::warned : Kind::unwell;
  auto driver = drivers.performer(step.work);
  if (!driver) {
    answer.kind = unwell;
    answer.said = driver.error().message;
    return answer;
  }
  Nobody nobody;
  const auto outcome = (*driver)->perform(attempt, variables, nobody, stop);
  answer.kind = outcome && outcome->fate == Fate::succeeded ? Kind::well : unwell;
  if (!outcome) {
    answer.said = redaction.text(outcome.error().message);
    return answer;
  }
  const Outcome told{outcome->fate, redaction.json(outcome->evidence)};
  answer.said = words_of(told);
  if (answer.kind != Kind::well) answer.lines = texts_at(told.evidence, "lines");
  return answer;
}

}  // namespace

std::vector<CheckAnswer> ask_checks(const Drivers& drivers, const Clock& clock,
                                    const Ledger& ledger, const Desired& desired,
                                    const Variables& variables, const std::stop_token& stop,
                                    const std::vector<ResourceId>& excused) {
  const Redaction redaction =
      redaction_for(ledger, desired.id, ledger.memory(desired.id).value_or(Memory{}), variables);
  std::vector<CheckAnswer> all;
  for (const auto& step : desired.steps) {
    if (step.work.phase != Phase::verify) continue;
    if (stop.stop_requested()) return all;
    CheckAnswer answer;
    const Instant began = clock.now();
    if (step.then.empty()) {
      const Attempt attempt{"", desired.id, ledger.lineage(), "", step.work, excused};
      answer = ask(drivers, step, attempt, variables, redaction, stop);
    } else {
      answer.kind = Kind::not_asked;
      answer.said = "makes a container of its own: apply asks it";
    }
    answer.took = clock.now() - began;
    answer.title = step.shown.empty() ? step.name : step.shown;
    all.push_back(std::move(answer));
  }
  return all;
}

}  // namespace reconciler
