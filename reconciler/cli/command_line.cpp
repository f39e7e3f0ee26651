#include <algorithm>

#include "reconciler/cli/complete.hpp"
#include "reconciler/cli/described.hpp"

namespace reconciler::cli {
namespace {

std::string long_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name() : "--" + option.get_lnames().front();
}

void offer(const std::string& text, const std::string& what, const std::string& begun,
           Completion& to) {
  if (text.starts_with(begun)) to.suggestions.push_back({text, what});
}

/// Those by which one is named: APP/ENV, or ENV where that is unique and nothing else fits.
void offer_environments(const std::vector<std::string>& all, const std::vector<std::string>& taken,
                        const std::string& before, const std::string& begun, Completion& to) {
  const auto is_taken = [&](const std::string& name) {
    return std::find(taken.begin(), taken.end(), name) != taken.end();
  };
  const size_t without = to.suggestions.size();
  for (const auto& name : all)
    if (!is_taken(name)) offer(before + name, "", before + begun, to);
  if (to.suggestions.size() != without || begun.find('/') != std::string::npos) return;
  std::map<std::string, int> alone;
  for (const auto& name : all) ++alone[name.substr(name.find('/') + 1)];
  for (const auto& [name, count] : alone)
    if (count == 1 && !is_taken(name)) offer(before + name, "", before + begun, to);
}

}  // namespace

CommandLine::CommandLine(const CLI::App& app, const std::vector<std::string>& words)
    : verb_(&app), last_(words.empty() ? "" : words.back()) {
  for (size_t n = 0; n + 1 < words.size(); ++n) take(words[n]);
}

void CommandLine::take(const std::string& word) {
  if (open_) {
    given_[long_name(*open_)] = word;
    open_ = nullptr;
    return;
  }
  if (!no_more_options_ && word == "--") {
    no_more_options_ = true;
    return;
  }
  if (!no_more_options_ && word.size() > 1 && word[0] == '-') return take_option(word);
  for (const auto* verb : verbs_of(*verb_))
    if (arguments_.empty() && verb->get_name() == word) {
      verb_ = verb;
      return;
    }
  arguments_.push_back(word);
}

void CommandLine::take_option(const std::string& word) {
  const auto equals = word.find('=');
  const auto* option = find_option(*verb_, word.substr(0, equals));
  if (!option || !takes_value(*option)) return;
  if (equals == std::string::npos)
    open_ = option;
  else
    given_[long_name(*option)] = word.substr(equals + 1);
}

const CLI::Option* CommandLine::next_argument() const {
  const auto all = arguments_of(*verb_);
  if (arguments_.size() < all.size()) return all[arguments_.size()];
  return !all.empty() && takes_many(*all.back()) ? all.back() : nullptr;
}

void CommandLine::values(const CLI::Option& of, const std::string& before, const std::string& begun,
                         const Names& names, Completion& to) const {
  for (const auto& choice : choices_of(of)) offer(before + choice, "", before + begun, to);
  const std::string name = of.get_positional() ? of.get_name(true) : value_name(of);
  const std::string kind = value_name(of);
  if (name == "environment")
    offer_environments(names.environments(), arguments_, before, begun, to);
  if ((name == "service" || name == "services") && !arguments_.empty())
    for (const auto& service : names.services(arguments_.front()))
      offer(before + service, "", before + begun, to);
  if (kind.find("FILE") != std::string::npos)
    to.files = Completion::Files::files;
  else if (kind.find("FOLDER") != std::string::npos)
    to.files = Completion::Files::folders;
}

void CommandLine::names_of_options(const std::string& begun, Completion& to) const {
  for (const CLI::App* at = verb_; at; at = at->get_parent())
    for (const auto* option : options_of(*at))
      for (const auto& name : option->get_lnames())
        offer("--" + name, option->get_description(), begun, to);
  offer("--help", "Help of this verb", begun, to);
}

Completion CommandLine::complete(const Names& names) const {
  Completion found;
  if (open_) {
    values(*open_, "", last_, names, found);
    return found;
  }
  if (!no_more_options_ && last_.starts_with("-")) {
    const auto equals = last_.find('=');
    if (equals == std::string::npos)
      names_of_options(last_, found);
    else if (const auto* option = find_option(*verb_, last_.substr(0, equals));
             option && takes_value(*option))
      values(*option, last_.substr(0, equals + 1), last_.substr(equals + 1), names, found);
    return found;
  }
  if (const auto verbs = verbs_of(*verb_); !verbs.empty()) {
    for (const auto* verb : verbs) offer(verb->get_name(), verb->get_description(), last_, found);
    return found;
  }
  if (const auto* argument = next_argument()) values(*argument, "", last_, names, found);
  return found;
}

}  // namespace reconciler::cli
