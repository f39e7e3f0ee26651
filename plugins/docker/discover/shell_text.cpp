#include "plugins/docker/discover/shell_text.hpp"

#include <regex>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t deepest = 8;  // values in values

std::string expand(std::string_view text, const ShellValues& values, size_t depth) {
  static const std::regex variable(
      R"(^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?[-=]([^{}]*))?\}))");
  std::string out;
  while (!text.empty()) {
    std::match_results<std::string_view::const_iterator> match;
    if (text.front() != '$' || !std::regex_search(text.begin(), text.end(), match, variable)) {
      if (text.front() != '"' && text.front() != '\'') out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string name = match[1].matched ? match[1].str() : match[2].str();
    const auto known = values.find(name);
    if (known != values.end() && depth < deepest)
      out += expand(known->second, values, depth + 1);
    else if (match[3].matched && depth < deepest)
      out += expand(match[3].str(), values, depth + 1);
    else
      out += "${" + name + "}";
    text.remove_prefix(static_cast<size_t>(match.length()));
  }
  return out;
}

/// Without a comment behind it.
std::string_view code_of(std::string_view line) {
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0)
      quote = c == quote ? '\0' : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
      return trim(line.substr(0, i));
  }
  return line;
}

}  // namespace

std::vector<std::string> shell_lines(std::string_view text) {
  std::vector<std::string> all;
  std::string joined;
  for (const auto& line : split(text, '\n')) {
    const auto words = code_of(trim(line));
    if (joined.empty() && words.empty()) continue;
    joined += words;
    if (joined.ends_with('\\')) {
      joined.back() = ' ';
      continue;
    }
    all.push_back(std::move(joined));
    joined.clear();
  }
  if (!joined.empty()) all.push_back(std::move(joined));
  return all;
}

std::string expand_shell(std::string_view text, const ShellValues& values) {
  return expand(text, values, 0);
}

bool read_assignment(std::string_view line, std::string& name, std::string& text) {
  static const std::regex plain(
      R"(^(?:(?:export|readonly|local|declare)\s+)?([A-Za-z_]\w*)=(.*)$)");
  static const std::regex by_default(R"(^:\s+"?\$\{([A-Za-z_]\w*):?=([^}]*)\}"?)");
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_match(line.begin(), line.end(), match, plain) &&
      !std::regex_search(line.begin(), line.end(), match, by_default))
    return false;
  name = match[1].str();
  text = std::string(trim(match[2].str()));
  // `NAME=text command ...` sets it for that command alone.
  const bool quoted = text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
                      text.find(text.front(), 1) == text.size() - 1;
  return quoted || text.find_first_of(" \t;&|") == std::string::npos;
}

std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> all;
  std::string word;
  for (const char c : line) {
    if (std::string_view(" \t;&|()<>").find(c) == std::string_view::npos) {
      word += c;
      continue;
    }
    if (!word.empty()) all.push_back(std::move(word));
    word.clear();
  }
  if (!word.empty()) all.push_back(std::move(word));
  return all;
}

}  // namespace reconciler::docker
