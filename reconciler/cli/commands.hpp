// The verbs. Each adds itself to the parser and returns what is to be done when it is chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stop_token>

#include "reconciler/cli/context.hpp"

namespace reconciler::cli {

/// What a chosen verb does: an exit status.
using Verb = std::function<int(std::stop_token)>;

/// Adds one verb to `app`; `chosen` is set when it is the one on the command line.
using AddVerb = void (*)(CLI::App& app, Context& context, Verb& chosen);

void add_plan(CLI::App& app, Context& context, Verb& chosen);
void add_apply(CLI::App& app, Context& context, Verb& chosen);
void add_run(CLI::App& app, Context& context, Verb& chosen);
void add_status(CLI::App& app, Context& context, Verb& chosen);
void add_history(CLI::App& app, Context& context, Verb& chosen);
void add_retry(CLI::App& app, Context& context, Verb& chosen);
void add_approve(CLI::App& app, Context& context, Verb& chosen);
void add_suspend(CLI::App& app, Context& context, Verb& chosen);
void add_resume(CLI::App& app, Context& context, Verb& chosen);
void add_remove(CLI::App& app, Context& context, Verb& chosen);
void add_rollback(CLI::App& app, Context& context, Verb& chosen);
void add_cancel(CLI::App& app, Context& context, Verb& chosen);
void add_task(CLI::App& app, Context& context, Verb& chosen);
void add_backup(CLI::App& app, Context& context, Verb& chosen);
void add_restore(CLI::App& app, Context& context, Verb& chosen);
void add_restart(CLI::App& app, Context& context, Verb& chosen);
void add_set(CLI::App& app, Context& context, Verb& chosen);
void add_settle(CLI::App& app, Context& context, Verb& chosen);
void add_adopt(CLI::App& app, Context& context, Verb& chosen);
void add_validate(CLI::App& app, Context& context, Verb& chosen);
void add_schema(CLI::App& app, Context& context, Verb& chosen);
void add_init(CLI::App& app, Context& context, Verb& chosen);
void add_driver(CLI::App& app, Context& context, Verb& chosen);

/// The whole command line: what all verbs take, and every verb; with `named`, those verbs alone
/// that are among these words. What is passed must outlive `app`.
void add_everything(CLI::App& app, Options& options, Context& context, const std::string& version,
                    Verb& chosen, const std::vector<std::string>& named = {});

/// Prints an error to standard error, as JSON where that was asked for; its exit status.
int report(const Context& context, const Error& e);

}  // namespace reconciler::cli
