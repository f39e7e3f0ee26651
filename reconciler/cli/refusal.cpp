#include "reconciler/cli/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/described.hpp"

namespace reconciler::cli {
namespace {

constexpr size_t most_shown = 100;

/// What people call it who come from elsewhere.
const std::map<std::string, std::string, std::less<>> called_otherwise{
    {"check", "verify APP/ENV"},
    {"delete", "remove APP/ENV"},
    {"deploy", "apply APP/ENV"},
    {"down", "suspend APP/ENV, or remove APP/ENV once git does not name it"},
    {"exec", "compose APP/ENV exec SERVICE COMMAND"},
    {"list", "status"},
    {"log", "history APP/ENV"},
    {"logs", "compose APP/ENV logs"},
    {"ls", "status"},
    {"ps", "status"},
    {"release", "apply APP/ENV"},
    {"revert", "rollback APP/ENV"},
    {"rm", "remove APP/ENV"},
    {"stop", "suspend APP/ENV"},
    {"sync", "apply APP/ENV"},
    {"undo", "rollback APP/ENV"},
    {"up", "apply APP/ENV"},
    {"update", "set APP/ENV TAG"},
};

std::string shown(const std::string& word) {
  return printable(word, most_shown);
}

Error wrong_line(std::string message, std::string next) {
  return error("usage", std::move(message)).next(std::move(next));
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

/// What its values are: `phase`, and where they have no name of their own that of the option.
std::string kind_of(const CLI::Option& option) {
  const std::string kind = value_name(option);
  return kind == "TEXT" ? option.get_lnames().front() : lower(kind);
}

bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-';
}

class Refused {
 public:
  Refused(const CLI::App& app, const std::vector<std::string>& words) : words_(words) {
    verb_ = &app;
    for (auto found = app.get_subcommands(); !found.empty(); found = verb_->get_subcommands()) {
      verb_ = found.front();
      name_ += (name_.empty() ? "" : " ") + verb_->get_name();
    }
    const auto end = std::ranges::find(words, "--");
    for (const auto& word : app.remaining(true))
      if (is_option(word) && std::find(words.begin(), end, word) != end)
        options_.push_back(word);
      else if (word != "--")
        arguments_.push_back(word);
  }

  Error why(const CLI::ParseError& thrown) const {
    const bool no_verb = !verbs_of(*verb_).empty();
    if (no_verb && !arguments_.empty()) return unknown_verb(arguments_.front());
    if (!options_.empty()) return unknown_option(options_.front());
    if (no_verb)
      return wrong_line(
          name_.empty() ? "no verb is given" : name_ + " needs to be told what",
          name_.empty() ? "reconciler status; every verb: reconciler --help" : command("--help"));
    if (!arguments_.empty()) return one_too_many(arguments_.front());
    if (dynamic_cast<const CLI::RequiredError*>(&thrown)) return needs();
    return of_an_option(thrown);
  }

 private:
  std::string command(const std::string& rest) const {
    return fmt::format("reconciler {}{}{}", name_, name_.empty() || rest.empty() ? "" : " ", rest);
  }

  /// `reconciler settle APP/ENV TASK succeeded|not-run`
  std::string pattern() const {
    std::string line = command("");
    for (const auto* one : arguments_of(*verb_)) line += " " + in_pattern(*one);
    return line;
  }
  static std::string in_pattern(const CLI::Option& one) {
    const auto choices = choices_of(one);
    std::string name = one.get_name(true);
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    std::string text = !choices.empty()        ? join(choices, "|")
                       : name == "ENVIRONMENT" ? "APP/ENV"
                                               : name;
    if (takes_many(one)) text += " ...";
    return one.get_required() ? text : "[" + text + "]";
  }

  Error unknown_verb(const std::string& word) const {
    std::vector<std::string> verbs;
    for (const auto* one : verbs_of(*verb_)) verbs.push_back(one->get_name());
    const std::string message = fmt::format("there is no verb \"{}\"", shown(word));
    if (!name_.empty())
      return wrong_line(fmt::format("{} has no \"{}\"", name_, shown(word)),
                        "write one of " + enumerate(verbs));
    if (const auto known = called_otherwise.find(word); known != called_otherwise.end())
      return wrong_line(message, "reconciler " + known->second);
    if (word.find('/') != std::string::npos)
      return wrong_line(fmt::format("no verb is given before {}", shown(word)),
                        fmt::format("reconciler plan {}; every verb: reconciler --help",
                                    shell_word(shown(word))));
    if (const auto near = nearest(word, verbs))
      return wrong_line(message, fmt::format("did you mean: {}", line_with(word, *near)));
    return wrong_line(message, "reconciler --help");
  }
  /// The line that was typed, with another word in the place of one.
  std::string line_with(const std::string& word, const std::string& instead) const {
    std::string line = "reconciler";
    bool replaced = false;
    for (const auto& one : words_) {
      const bool here = !replaced && one == word;
      replaced |= here;
      line += " " + (here ? instead : shell_word(shown(one)));
    }
    return line;
  }

  Error unknown_option(const std::string& word) const {
    const std::string text = word.substr(0, word.find('='));
    const std::string message =
        fmt::format("{} has no option {}", name_.empty() ? "reconciler" : name_, shown(text));
    if (text == "--dry-run")
      return wrong_line(message, "reconciler plan shows what would be done, and changes nothing");
    std::vector<std::string> all{"--help"};
    for (const CLI::App* at = verb_; at; at = at->get_parent())
      for (const auto* option : options_of(*at))
        for (const auto& name : option->get_lnames()) all.push_back("--" + name);
    std::optional<std::string> near;
    if (!text.starts_with("--")) {
      // `-y`, `-yes`, `-V`: the one that begins so.
      const std::string begun = "-" + lower(text);
      const auto begins = [&](const std::string& one) { return one.starts_with(begun); };
      if (std::ranges::count_if(all, begins) == 1) near = *std::ranges::find_if(all, begins);
    } else {
      near = nearest(text, all);
    }
    if (near) return wrong_line(message, fmt::format("did you mean {}?", *near));
    return wrong_line(message, command("--help"));
  }

  Error one_too_many(const std::string& word) const {
    const auto at = std::ranges::find(words_, word);
    if (word == "help") return wrong_line("there is no verb \"help\"", command("--help"));
    if (at < std::ranges::find(words_, name_.substr(0, name_.find(' '))))
      return wrong_line(fmt::format("\"{}\" stands before the verb", shown(word)), pattern());
    if (arguments_of(*verb_).empty())
      return wrong_line(fmt::format("{} takes no argument, and \"{}\" is one", name_, shown(word)),
                        fmt::format("{}; its options: {}", command(""), command("--help")));
    return wrong_line(fmt::format("\"{}\" is one argument too many for {}", shown(word), name_),
                      fmt::format("{}; its options: {}", pattern(), command("--help")));
  }

  Error needs() const {
    for (const auto* one : arguments_of(*verb_)) {
      if (!one->get_required() || one->count() > 0) continue;
      const std::string name = one->get_name(true);
      if (name != "environment")
        return wrong_line(fmt::format("{} needs {}", name_, in_pattern(*one)), pattern());
      return wrong_line(fmt::format("{} needs an environment", name_),
                        pattern() + "; which there are: reconciler status");
    }
    return wrong_line(fmt::format("{} needs more", name_), command("--help"));
  }

  Error of_an_option(const CLI::ParseError& thrown) const {
    const std::string said = thrown.what();
    if (dynamic_cast<const CLI::ExcludesError*>(&thrown))
      if (const auto at = said.find(" excludes "); at != std::string::npos)
        return wrong_line(
            fmt::format("{} and {} do not go together", said.substr(0, at), said.substr(at + 10)),
            "leave one of them away");
    const auto* option = named_in(said);
    if (!option) return wrong_line(said, command("--help"));
    const std::string name =
        option->get_positional() ? in_pattern(*option) : option->get_name(false, true);
    const auto choices = choices_of(*option);
    const auto given = option->results();
    const std::string value = given.empty() ? "" : given.back();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&thrown)) {
      if (given.size() > 1)
        return wrong_line(fmt::format("{} is given more than once", name), "give it once");
      return wrong_line(fmt::format("{} needs a value", name),
                        choices.empty()
                            ? fmt::format("{} {} {}", pattern(), name, value_name(*option))
                            : "write one of " + enumerate(choices));
    }
    if (!choices.empty()) {
      const auto near = nearest(value, choices);
      return wrong_line(
          option->get_positional()
              ? fmt::format("\"{}\" is no {}", shown(value), option->get_name(true))
              : fmt::format("{} \"{}\": there is no such {}", name, shown(value), kind_of(*option)),
          near ? fmt::format("did you mean {}? There are {}", *near, enumerate(choices))
               : "write one of " + enumerate(choices));
    }
    if (takes_value(*option))
      return wrong_line(
          fmt::format("{} takes a whole number from 1 on, and \"{}\" is none", name, shown(value)),
          fmt::format("{} {} {}", pattern(), name, value_name(*option)));
    return wrong_line(fmt::format("{} takes no value", name), command("--help"));
  }

  /// The option that the parser's own sentence is about.
  const CLI::Option* named_in(const std::string& said) const {
    constexpr std::string_view conversion = "Could not convert: ";
    const std::string text = said.starts_with(conversion) ? said.substr(conversion.size()) : said;
    const std::string name = text.substr(0, text.find_first_of(": ="));
    if (const auto* option = find_option(*verb_, name)) return option;
    for (const auto* one : arguments_of(*verb_))
      if (one->get_name(true) == name) return one;
    return nullptr;
  }

  const std::vector<std::string>& words_;
  const CLI::App* verb_ = nullptr;
  std::string name_;                    ///< of the verb, `driver serve`; empty where there is none
  std::vector<std::string> options_;    ///< that nothing takes
  std::vector<std::string> arguments_;  ///< that nothing takes
};

}  // namespace

Error refusal(const CLI::App& app, const CLI::ParseError& thrown,
              const std::vector<std::string>& words) {
  return Refused(app, words).why(thrown);
}

}  // namespace reconciler::cli
