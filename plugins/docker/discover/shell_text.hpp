// A shell script as text: its lines, and the values that can be told without running it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reconciler::docker {

/// What a script sets, by name; texts with `${NAME}` where that is somebody else's.
using ShellValues = std::map<std::string, std::string>;

/// Logical lines: continued ones joined, comments and empty ones left out.
std::vector<std::string> shell_lines(std::string_view text);

/// `$NAME`, `${NAME}`, `${NAME:-text}` filled in from `values`; `${NAME}` for what is not known.
/// Quotes are taken away.
std::string expand_shell(std::string_view text, const ShellValues& values);

/// `NAME=text`, `export NAME=text`, `: "${NAME:=text}"`; false for any other line.
bool read_assignment(std::string_view line, std::string& name, std::string& text);

/// Words at spaces, and at what separates commands.
std::vector<std::string> shell_words(std::string_view line);

}  // namespace reconciler::docker
