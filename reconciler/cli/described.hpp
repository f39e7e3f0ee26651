// What the parser knows of its verbs, in the form that man pages and completion need it: `--help`
// is made of the same definitions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace reconciler::cli {

/// The verbs that `--help` shows, in its order.
std::vector<const CLI::App*> verbs_of(const CLI::App& app);
/// `--out`, `--yes`, ...; those that `--help` shows, without what asks for help itself.
std::vector<const CLI::Option*> options_of(const CLI::App& app);
/// What stands without a name, in order.
std::vector<const CLI::Option*> arguments_of(const CLI::App& app);
/// The option of this name, `--like-this` or `-l`, of the verb or of what it belongs to.
const CLI::Option* find_option(const CLI::App& app, const std::string& name);

bool takes_value(const CLI::Option& option);
bool takes_many(const CLI::Option& option);
/// What a value is called: FILE, N, TEXT; for what stands without a name that name.
std::string value_name(const CLI::Option& option);
/// All values that there are, where they are few.
std::vector<std::string> choices_of(const CLI::Option& option);

/// A footer: what it says, then its examples, a command line each.
struct Footer {
  std::string said;
  std::vector<std::string> examples;
};
Footer footer_of(const CLI::App& app);

}  // namespace reconciler::cli
