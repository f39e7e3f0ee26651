// What a person has done beside what git asks for, from the command line.
#pragma once

#include <stop_token>
#include <string>

#include "reconciler/cli/context.hpp"
#include "reconciler/errand.hpp"

namespace reconciler::cli {

struct ErrandOptions {
  std::string environment;
  Errand errand;
  bool yes = false;
};

/// Shows what `verb` would do, asks unless `yes`, does it and tells; the exit status.
int run_errand(Context& context, const std::string& verb, const ErrandOptions& options,
               std::stop_token stop);

}  // namespace reconciler::cli
