// What may stand at the end of a command line, for shells: one answer for all of them, from the
// definitions that `--help` is made of.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconciler/cli/context.hpp"

namespace reconciler::cli {

/// What definitions do not say, asked for when it is needed.
struct Names {
  /// All `APP/ENV`.
  std::function<std::vector<std::string>()> environments;
  /// The services of one of them.
  std::function<std::vector<std::string>(const std::string& environment)> services;
};

struct Suggestion {
  std::string text;
  std::string what;  ///< for shells that show it
  bool operator==(const Suggestion&) const = default;
};

struct Completion {
  enum class Files { none, files, folders };
  std::vector<Suggestion> suggestions;  ///< those that begin as the last word does
  Files files = Files::none;            ///< the shell's own, as well
};

/// A command line without the program's name, taken apart as far as it goes. Never fails: what
/// makes no sense to the parser leads to no suggestions.
class CommandLine {
 public:
  CommandLine(const CLI::App& app, const std::vector<std::string>& words);
  /// What may stand in the place of the last word.
  Completion complete(const Names& names) const;
  /// The values of options that were given, by their first long name: `--state-dir`.
  const std::map<std::string, std::string>& given() const { return given_; }

 private:
  void take(const std::string& word);
  void take_option(const std::string& word);
  const CLI::Option* next_argument() const;
  void values(const CLI::Option& of, const std::string& before, const std::string& begun,
              const Names& names, Completion& to) const;
  void names_of_options(const std::string& begun, Completion& to) const;

  const CLI::App* verb_;                ///< as far as one is named
  const CLI::Option* open_ = nullptr;   ///< its value comes next
  std::vector<std::string> arguments_;  ///< of the verb
  std::map<std::string, std::string> given_;
  bool no_more_options_ = false;  ///< after `--`
  std::string last_;
};

/// `complete -- WORD...`, which shells call: a line for each suggestion, text and what it is with a
/// tab between, then `:files` or `:folders` where those may stand there too. Reads what was last
/// fetched; starts nothing, writes nothing, and says nothing of what goes wrong.
int complete(CLI::App& app, const std::vector<std::string>& words, Context& context);

}  // namespace reconciler::cli
