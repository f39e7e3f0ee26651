#include "reconciler/cli/described.hpp"

#include "reconciler/base/text.hpp"

namespace reconciler::cli {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([&](const CLI::Option* option) {
    return option->nonpositional() && !option->get_group().empty() &&
           option != app.get_help_ptr() && option != app.get_help_all_ptr();
  });
}

std::vector<const CLI::Option*> arguments_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

const CLI::Option* find_option(const CLI::App& app, const std::string& name) {
  for (const CLI::App* at = &app; at; at = at->get_parent())
    if (const auto* option = at->get_option_no_throw(name); option && option->nonpositional())
      return option;
  return nullptr;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

bool takes_many(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

std::string value_name(const CLI::Option& option) {
  // The library's own name of the type says nothing that the argument's name does not.
  const std::string type = option.get_type_name();
  const std::string name = type.substr(0, type.find(':'));
  if (option.get_positional() && (name.empty() || name == "TEXT")) return option.get_name(true);
  return name.empty() ? "TEXT" : name;
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return split(type.substr(open + 1, close - open - 1), ',');
}

Footer footer_of(const CLI::App& app) {
  Footer footer;
  bool examples = false;
  for (const auto& line : split(app.get_footer(), '\n')) {
    if (trim(line) == "Examples:")
      examples = true;
    else if (examples && !trim(line).empty())
      footer.examples.emplace_back(trim(line));
    else if (!examples && !trim(line).empty())
      footer.said += (footer.said.empty() ? "" : "\n") + std::string(trim(line));
  }
  return footer;
}

}  // namespace reconciler::cli
