// `--until PHASE` and `--skip STEP`, of the verbs that show or perform a plan.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "reconciler/plan/cut.hpp"

namespace reconciler::cli {

struct CutOptions {
  std::string until;
  std::string skip;
  Cut cut() const { return {phase_called(until), skip}; }
};

/// `whole`: an option that goes with no cut.
void add_cut(CLI::App& verb, CutOptions& into, CLI::Option* whole = nullptr);

}  // namespace reconciler::cli
