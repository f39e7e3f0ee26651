#include "reconciler/apply/sight.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration look_within{30s};

}  // namespace

std::optional<Error> out_of_sight(const Run& run) {
  const EnvironmentId& id = run.plan.environment;
  const auto memory = run.tools.ledger.memory(id);
  if (!memory) return memory.error();
  const auto seen = run.tools.drivers.observe(id, run.desired.wanted, *memory, run.variables,
                                              Deadline(run.tools.clock, look_within));
  if (seen || seen.error().lasting != Lasting::transient) return std::nullopt;
  return seen.error();
}

}  // namespace reconciler
