// What verbs have in common on the command line, and on the terminal.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "reconciler/cli/commands.hpp"

namespace reconciler::cli {

/// `APP/ENV`, one that must be given.
void add_environment(CLI::App& verb, std::string& into);
/// `--yes`
void add_yes(CLI::App& verb, bool& into, const std::string& sentence = "Do not ask");
/// `--no-fetch`
void add_no_fetch(CLI::App& verb, bool& into);

/// `work` is what is done when the verb is on the command line.
inline void performs(CLI::App& verb, Verb& chosen, Verb work) {
  verb.callback([&chosen, work = std::move(work)] { chosen = work; });
}

/// `VERB asks before it DOES, and there is no terminal to ask on`; `next`: what to type instead.
Error no_terminal(const std::string& asks_before, const std::string& next);

/// What became of what was not performed, said: it failed, was declined, or waits, or there was
/// nothing to do. None where it was performed.
std::optional<int> not_performed(const Context& context, const Result<Reconciled>& done);

/// `held  git still asks for v1.2.5; ...`, of a version that a person wanted instead, and what to
/// do about it; two lines.
std::string held_off(const Plan& plan, const Asked& asked, const Page& page);

/// The exit status of what an apply came to.
int status_of(const Reconciled& done);

/// What an apply came to, said; its exit status.
int tell_applied(const Context& context, const Result<Reconciled>& done);

}  // namespace reconciler::cli
