#include "reconciler/base/failpoint.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

// Names survive edits, numbers do not. Helpers and drivers add theirs here.
constexpr std::array<std::string_view, 180> names = {
    "apply.action.after",
    "apply.action.before",
    "backup.named.after",
    "backup.named.before",
    "backup.removed.after",
    "backup.removed.before",
    "backup.write",
    "checkout.commit.after",
    "checkout.commit.before",
    "checkout.push.after",
    "checkout.push.before",
    "compose.backup.after",
    "compose.backup.before",
    "compose.build.after",
    "compose.build.before",
    "compose.create.after",
    "compose.create.before",
    "compose.preflight.after",
    "compose.preflight.before",
    "compose.prune.after",
    "compose.prune.before",
    "compose.pull.after",
    "compose.pull.before",
    "compose.release.after",
    "compose.release.before",
    "compose.remove.after",
    "compose.remove.before",
    "compose.restart.after",
    "compose.restart.before",
    "compose.restore.after",
    "compose.restore.before",
    "compose.start.after",
    "compose.start.before",
    "compose.stop.after",
    "compose.stop.before",
    "compose.switch.after",
    "compose.switch.before",
    "compose.tag.after",
    "compose.tag.before",
    "compose.trim.after",
    "compose.trim.before",
    "compose.verify.after",
    "compose.verify.before",
    "data.fill.after",
    "data.fill.before",
    "engine.archive.after",
    "engine.archive.before",
    "engine.build_prune.after",
    "engine.build_prune.before",
    "engine.connect.after",
    "engine.connect.before",
    "engine.create.after",
    "engine.create.before",
    "engine.exec.after",
    "engine.exec.before",
    "engine.exec_start.after",
    "engine.exec_start.before",
    "engine.network.after",
    "engine.network.before",
    "engine.remove.after",
    "engine.remove.before",
    "engine.remove_image.after",
    "engine.remove_image.before",
    "engine.rename.after",
    "engine.rename.before",
    "engine.start.after",
    "engine.start.before",
    "engine.stop.after",
    "engine.stop.before",
    "engine.tag.after",
    "engine.tag.before",
    "engine.unpause.after",
    "engine.unpause.before",
    "engine.update.after",
    "engine.update.before",
    "engine.volume.after",
    "engine.volume.before",
    "export.object.after",
    "export.object.before",
    "export.object.write",
    "export.tree.after",
    "export.tree.before",
    "file.new.after",
    "file.new.before",
    "file.new.write",
    "file.replace.after",
    "file.replace.before",
    "file.replace.rename",
    "file.replace.write",
    "files.claim.after",
    "files.claim.before",
    "files.record.after",
    "files.record.before",
    "git.fetch.after",
    "git.fetch.before",
    "git.manifests.after",
    "git.manifests.before",
    "git.store.after",
    "git.store.before",
    "image.build.after",
    "image.build.before",
    "image.pull.after",
    "image.pull.before",
    "ledger.adopt.after",
    "ledger.adopt.before",
    "ledger.approve.after",
    "ledger.approve.before",
    "ledger.aside.after",
    "ledger.aside.before",
    "ledger.assume.after",
    "ledger.assume.before",
    "ledger.begin.after",
    "ledger.begin.before",
    "ledger.claim.after",
    "ledger.claim.before",
    "ledger.clear.after",
    "ledger.clear.before",
    "ledger.drifted.after",
    "ledger.drifted.before",
    "ledger.end.after",
    "ledger.end.before",
    "ledger.failed.after",
    "ledger.failed.before",
    "ledger.forget.after",
    "ledger.forget.before",
    "ledger.intent.after",
    "ledger.intent.before",
    "ledger.key.after",
    "ledger.key.before",
    "ledger.log.after",
    "ledger.log.before",
    "ledger.loss.after",
    "ledger.loss.before",
    "ledger.make.after",
    "ledger.make.before",
    "ledger.migrate.after",
    "ledger.migrate.before",
    "ledger.migrate.within",
    "ledger.record.after",
    "ledger.record.before",
    "ledger.record.within",
    "ledger.reject.after",
    "ledger.reject.before",
    "ledger.reject.within",
    "ledger.release.after",
    "ledger.release.before",
    "ledger.remove.after",
    "ledger.remove.before",
    "ledger.result.after",
    "ledger.result.before",
    "ledger.resume.after",
    "ledger.resume.before",
    "ledger.retry.after",
    "ledger.retry.before",
    "ledger.settle.after",
    "ledger.settle.before",
    "ledger.suspend.after",
    "ledger.suspend.before",
    "ledger.switch_steps.after",
    "ledger.switch_steps.before",
    "ledger.tag.after",
    "ledger.tag.before",
    "ledger.touch.after",
    "ledger.touch.before",
    "model.keep.after",
    "model.keep.before",
    "object.remove.after",
    "object.remove.before",
    "probe.preflight.after",
    "probe.preflight.before",
    "probe.release.after",
    "probe.release.before",
    "probe.verify.after",
    "probe.verify.before",
    "provider.keep.after",
    "provider.keep.before",
    "task.waited.after",
    "task.waited.before",
    "tree.remove.after",
    "tree.remove.before",
};
static_assert(std::ranges::is_sorted(names));

enum class Effect { none, kill, error, delay, torn };

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
    else if (effect == "torn" && !text.substr(0, colon).ends_with(".write"))
      refuse(fmt::format("\"{}\" is no write, and cannot be torn", text.substr(0, colon)));
    else if (effect == "torn")
      armed->effect = Effect::torn;
    else if (effect.starts_with("delay=")) {
      armed->effect = Effect::delay;
      armed->milliseconds = std::atoi(effect.c_str() + 6);
    } else
      refuse(fmt::format("\"{}\" is not kill, error, torn or delay=MS", effect));
  }
  std::array<Armed, names.size()> armed_{};
  bool any_ = false;
};

Table& table() {
  static Table it;  // read once from the environment, never written afterwards
  return it;
}

/// RECONCILER_FAILPOINTS_PASSED=FILE: the name of each place that is passed becomes a line of FILE,
/// before anything happens there. So a test knows which places its story has, and where it is.
class Passed {
 public:
  Passed() {
    const char* path = std::getenv("RECONCILER_FAILPOINTS_PASSED");
    if (!path || !*path) return;
    file_ = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) refuse(fmt::format("{} cannot be written", path));
  }
  void tell(std::string_view name) const {
    if (file_ < 0) return;
    const std::string line = fmt::format("{}\n", name);
    if (::write(file_, line.data(), line.size()) < 0) refuse("what is passed cannot be written");
  }

 private:
  int file_ = -1;
};

const Passed& passed() {
  static const Passed it;
  return it;
}

}  // namespace

Status failpoint(std::string_view name) {
  return failpoint(name, [] {});
}

Status failpoint(std::string_view name, const std::function<void()>& half) {
  passed().tell(name);
  Table& all = table();
  if (!all.any()) return {};
  Armed* armed = all.find(name);
  if (!armed) refuse(fmt::format("the program passes \"{}\", which is not in the table", name));
  if (armed->effect == Effect::none) return {};
  const int pass = ++armed->passes;
  if (armed->at_pass != 0 && pass != armed->at_pass) return {};
  switch (armed->effect) {
    case Effect::torn:
      half();
      [[fallthrough]];
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
