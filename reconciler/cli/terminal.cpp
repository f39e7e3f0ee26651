#include "reconciler/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace reconciler::cli {
namespace {

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const char* value = std::getenv(name); value && *value) {
      std::string text = value;
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      return text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
    }
  return false;
}

}  // namespace

Page page_of_stdout() {
  Page page;
  page.utf8 = utf8_locale();
  if (::isatty(STDOUT_FILENO) == 0) return page;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) page.width = size.ws_col;
  page.terminal = true;
  const char* no_color = std::getenv("NO_COLOR");
  page.colour = !no_color || !*no_color;
  return page;
}

bool stdin_is_terminal() {
  return ::isatty(STDIN_FILENO) != 0;
}

bool ask(const std::string& question) {
  std::cout << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) return false;
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::optional<std::string> ask_for(const std::string& question, const std::string& usual) {
  std::cout << question << " [" << usual << "] " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) return std::nullopt;
  return answer.empty() ? usual : answer;
}

}  // namespace reconciler::cli
