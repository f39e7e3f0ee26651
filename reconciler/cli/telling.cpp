#include "reconciler/cli/telling.hpp"

namespace reconciler::cli {

Telling::Telling(Context& context, const EnvironmentId& id)
    : json_(context.options().json), people_(context), programs_(std::cout, id) {}

bool Telling::plan(const Plan& plan) {
  if (json_) programs_.plan(plan);
  return json_;
}

std::optional<int> Telling::ended(const Reconciled* done, int exit) {
  people_.ended();
  if (!json_ || !done) return std::nullopt;
  programs_.ended(*done, exit);
  return exit;
}

}  // namespace reconciler::cli
