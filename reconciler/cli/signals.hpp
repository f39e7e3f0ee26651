// Signals as what they mean to a command: ended at the next safe point, ended now, drawn anew.
#pragma once

#include <signal.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace reconciler::cli {

/// What stands on the terminal at the moment, as far as signals concern it. Called from the thread
/// that waits for them.
class Screen {
 public:
  virtual ~Screen() = default;
  /// The first one: says that it ends at the next safe point, and what that waits for.
  virtual void stopping() = 0;
  /// One more: the program ends once this has returned.
  virtual void ending() = 0;
  virtual void resized() {}
  /// It goes on after Ctrl-Z: somebody else wrote to the terminal meanwhile.
  virtual void continued() {}
};

/// Where the one that is shown stands. Thread-safe; one is not called any more once another was put
/// there.
class OnScreen {
 public:
  /// The one that was there before; either may be none.
  Screen* put(Screen* screen);
  /// Calls `what` of it, where there is one; `first` before that, with the same one on screen.
  bool tell(
      void (Screen::*what)(), const std::function<void()>& first = [] {});

 private:
  std::mutex mutex_;
  Screen* screen_ = nullptr;
};

/// Turns SIGINT, SIGTERM and SIGHUP (a dropped connection) into a stop: the first ends at the next
/// safe point, the second at once. A reader that went away (SIGPIPE) stops nothing: what was begun
/// is not cut in half because nobody looks.
class Signals {
 public:
  explicit Signals(OnScreen& on_screen);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  std::stop_token token() const { return source_.get_token(); }
  /// 130 or 143 after one, else `otherwise`.
  int status(int otherwise) const;

 private:
  void wait();
  void end(int signal);

  OnScreen& on_screen_;
  sigset_t set_{};
  std::stop_source source_;
  std::atomic<int> first_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace reconciler::cli
