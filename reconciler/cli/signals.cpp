#include "reconciler/cli/signals.hpp"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "reconciler/cli/exit.hpp"

namespace reconciler::cli {
namespace {

constexpr int ends_waiting = SIGUSR2;

}  // namespace

Screen* OnScreen::put(Screen* screen) {
  const std::lock_guard lock(mutex_);
  return std::exchange(screen_, screen);
}

bool OnScreen::tell(void (Screen::*what)(), const std::function<void()>& first) {
  const std::lock_guard lock(mutex_);
  first();
  if (!screen_) return false;
  (screen_->*what)();
  return true;
}

Signals::Signals(OnScreen& on_screen) : on_screen_(on_screen) {
  sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, ends_waiting})
    sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { wait(); });
}

Signals::~Signals() {
  done_ = true;
  pthread_kill(thread_.native_handle(), ends_waiting);
  thread_.join();
}

int Signals::status(int otherwise) const {
  return first_ == SIGINT ? interrupted : first_ != 0 ? terminated : otherwise;
}

void Signals::wait() {
  for (;;) {
    int signal = 0;
    if (sigwait(&set_, &signal) != 0 || done_) return;
    if (signal == SIGWINCH)
      on_screen_.tell(&Screen::resized);
    else if (signal == SIGCONT)
      on_screen_.tell(&Screen::continued);
    else if (signal != ends_waiting)
      end(signal);
  }
}

void Signals::end(int signal) {
  if (first_ != 0) {
    if (!on_screen_.tell(&Screen::ending)) std::cerr << "ended at once\n";
    std::_Exit(signal == SIGINT ? interrupted : terminated);
  }
  first_ = signal;
  // First, as nobody knows how long it takes to say so; and whoever is ended by it says so itself.
  if (!on_screen_.tell(&Screen::stopping, [this] { source_.request_stop(); }))
    std::cerr << "stopping at the next safe point; once more ends at once\n";
}

}  // namespace reconciler::cli
