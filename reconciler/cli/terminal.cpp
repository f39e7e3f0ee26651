#include "reconciler/cli/terminal.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "reconciler/base/filesystem.hpp"

namespace reconciler::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (std::string text(variable(name)); !text.empty()) {
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      return text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
    }
  return false;
}

/// A question that is left by a signal, at once: nothing was begun.
class Asking final : public Screen {
 public:
  explicit Asking(OnScreen& on_screen) : on_screen_(on_screen), before_(on_screen.put(this)) {}
  ~Asking() override { on_screen_.put(before_); }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  void stopping() override { std::cout << "\n" << std::flush; }
  void ending() override {}

 private:
  OnScreen& on_screen_;
  Screen* before_;
};

/// Waits until there is something to read; false after a stop.
bool readable(int descriptor, const std::stop_token& stop) {
  const Descriptor wakes(::eventfd(0, EFD_CLOEXEC));
  const std::stop_callback waking(stop, [&] {
    const uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wakes.get(), &one, sizeof one);
  });
  std::array<pollfd, 2> fds{{{descriptor, POLLIN, 0}, {wakes.get(), POLLIN, 0}}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) continue;
  return !stop.stop_requested();
}

std::optional<std::string> answer_to(Context& context, const std::string& question,
                                     const std::stop_token& stop) {
  const Asking asking(context.on_screen());
  std::cout << question << std::flush;
  std::string answer;
  if (!readable(STDIN_FILENO, stop) || !std::getline(std::cin, answer)) return std::nullopt;
  return answer;
}

}  // namespace

Colour colour_named(const std::string& name) {
  return name == "always" ? Colour::always : name == "never" ? Colour::never : Colour::automatic;
}

Page page_of(int descriptor, Colour colour) {
  Page page;
  page.utf8 = utf8_locale();
  page.colour = colour == Colour::always;
  if (::isatty(descriptor) == 0) return page;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
    if (size.ws_col > 0) page.width = size.ws_col;
    if (size.ws_row > 0) page.height = size.ws_row;
  }
  const std::string_view term = variable("TERM");
  page.terminal = !term.empty() && term != "dumb";
  if (colour == Colour::automatic) page.colour = page.terminal && variable("NO_COLOR").empty();
  return page;
}

bool stdin_is_terminal() {
  return ::isatty(STDIN_FILENO) != 0;
}

bool ask(Context& context, const std::string& question, const std::stop_token& stop) {
  const auto answer = answer_to(context, question + " [y/N] ", stop);
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::optional<std::string> ask_for(Context& context, const std::string& question,
                                   const std::string& usual, const std::stop_token& stop) {
  auto answer = answer_to(context, fmt::format("{} [{}] ", question, usual), stop);
  return answer && answer->empty() ? usual : answer;
}

}  // namespace reconciler::cli
