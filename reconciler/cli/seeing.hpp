// The verbs that look at a host or an environment, and change nothing.
#pragma once

#include "reconciler/cli/commands.hpp"

namespace reconciler::cli {

void add_verify(CLI::App& app, Context& context, Verb& chosen);
void add_show(CLI::App& app, Context& context, Verb& chosen);
void add_variables(CLI::App& app, Context& context, Verb& chosen);
void add_diff(CLI::App& app, Context& context, Verb& chosen);
void add_doctor(CLI::App& app, Context& context, Verb& chosen);

}  // namespace reconciler::cli
