#include "reconciler/base/failpoint.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

// Names survive edits, numbers do not. Keep sorted; helpers and drivers add theirs here.
constexpr std::array names = {
    "apply.action.after",
    "apply.action.before",
    "engine.archive.after",
    "engine.archive.before",
    "engine.connect.after",
    "engine.connect.before",
    "engine.create.after",
    "engine.create.before",
    "engine.exec.after",
    "engine.exec.before",
    "engine.network.after",
    "engine.network.before",
    "engine.remove.after",
    "engine.remove.before",
    "engine.rename.after",
    "engine.rename.before",
    "engine.start.after",
    "engine.start.before",
    "engine.stop.after",
    "engine.stop.before",
    "engine.unpause.after",
    "engine.unpause.before",
    "engine.update.after",
    "engine.update.before",
    "engine.volume.after",
    "engine.volume.before",
    "export.object.after",
    "export.object.before",
    "export.tree.after",
    "export.tree.before",
    "file.replace.after",
    "file.replace.before",
    "file.replace.rename",
    "ledger.intent.after",
    "ledger.intent.before",
    "ledger.migrate.within",
    "ledger.record.after",
    "ledger.record.before",
    "ledger.record.within",
    "ledger.reject.after",
    "ledger.reject.before",
    "ledger.reject.within",
    "ledger.result.after",
    "ledger.result.before",
    "task.waited.before",
    "task.waited.after",
    "test.one",
    "test.two",
};

enum class Effect { none, kill, error, delay };

struct Armed {
  Effect effect = Effect::none;
  int at_pass = 0;  // 0: every pass
  int milliseconds = 0;
  std::atomic<int> passes{0};
};

[[noreturn]] void refuse(const std::string& why) {
  std::fputs(fmt::format("error failpoint.invalid: {}\n", why).c_str(), stderr);
  std::_Exit(64);
}

class Table {
 public:
  Table() {
    const char* text = std::getenv("RECONCILER_FAILPOINTS");
    if (!text || !*text) return;
    for (const auto& one : split(text, ';'))
      if (!one.empty()) arm(one);
    any_ = true;
  }
  bool any() const { return any_; }
  Armed* find(std::string_view name) {
    for (size_t i = 0; i < names.size(); ++i)
      if (name == names[i]) return &armed_[i];
    return nullptr;
  }

 private:
  void arm(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos) refuse(fmt::format("\"{}\" is not NAME:EFFECT", text));
    Armed* armed = find(text.substr(0, colon));
    if (!armed) refuse(fmt::format("there is no failpoint \"{}\"", text.substr(0, colon)));
    std::string effect = text.substr(colon + 1);
    if (const auto at = effect.find('@'); at != std::string::npos) {
      armed->at_pass = std::atoi(effect.c_str() + at + 1);
      effect.resize(at);
    }
    if (effect == "kill")
      armed->effect = Effect::kill;
    else if (effect == "error")
      armed->effect = Effect::error;
    else if (effect.starts_with("delay=")) {
      armed->effect = Effect::delay;
      armed->milliseconds = std::atoi(effect.c_str() + 6);
    } else
      refuse(fmt::format("\"{}\" is not kill, error or delay=MS", effect));
  }
  std::array<Armed, names.size()> armed_{};
  bool any_ = false;
};

Table& table() {
  static Table it;  // read once from the environment, never written afterwards
  return it;
}

}  // namespace

Status failpoint(std::string_view name) {
  Table& all = table();
  if (!all.any()) return {};
  Armed* armed = all.find(name);
  if (!armed) refuse(fmt::format("the program passes \"{}\", which is not in the table", name));
  if (armed->effect == Effect::none) return {};
  const int pass = ++armed->passes;
  if (armed->at_pass != 0 && pass != armed->at_pass) return {};
  switch (armed->effect) {
    case Effect::kill:
      ::kill(::getpid(), SIGKILL);
      break;
    case Effect::delay:
      std::this_thread::sleep_for(std::chrono::milliseconds(armed->milliseconds));
      break;
    case Effect::error:
      return failure(error("failpoint.error", fmt::format("a test made {} fail", name)));
    case Effect::none:
      break;
  }
  return {};
}

std::vector<std::string> failpoint_names() {
  return {names.begin(), names.end()};
}

}  // namespace reconciler
