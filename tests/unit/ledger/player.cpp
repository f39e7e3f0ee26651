// A process for the crash and lock tests to kill: it deploys one tag through the ledger and says
// each step on its standard output once it is done.
//   player deploy STATE TAG      player hold STATE      player hold-by-child STATE
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "reconciler/ledger/ledger.hpp"
#include "reconciler/ledger/locks.hpp"

using namespace reconciler;

namespace {

const EnvironmentId production{"portfolio", "production"};

void say(const std::string& step) {
  std::puts(step.c_str());
  std::fflush(stdout);
}

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fputs(render(result.error()).c_str(), stderr);
  std::_Exit(3);
}
void must(Status result) {
  if (result) return;
  std::fputs(render(result.error()).c_str(), stderr);
  std::_Exit(3);
}

int deploy(const std::string& state, const std::string& tag) {
  SystemClock clock;
  const auto ledger = must(Ledger::open(state, clock));
  say("opened " + ledger->lineage());
  const RunId run =
      must(ledger->begin_run({production, "p", "", tag, "d-" + tag, "", "", "test", {}}));
  say("begun");
  for (const auto& open : must(ledger->open_attempts(production)))
    must(ledger->result(open.attempt.id, {Fate::not_started, {}}));
  Action action;
  action.title = "release";
  action.once_key = "release/" + tag;
  action.work.phase = Phase::release;
  action.work.effect = Effect::once;
  if (must(ledger->memory(production)).once[action.once_key] != Fate::succeeded ||
      !must(ledger->memory(production)).once_attempt.contains(action.once_key)) {
    const std::string id = must(ledger->intend(run, action));
    say("intended " + id);
    must(ledger->result(id, {Fate::succeeded, {}}));
    say("done " + id);
  }
  must(ledger->record(run, {tag, "c-" + tag, "d-" + tag, clock.wall()},
                      {{{"compose", "service", "web"}, {Sealed{"box of " + tag}, true}}}));
  say("recorded");
  must(ledger->end_run(run, {"Ready", "Succeeded"}));
  say("ended");
  return 0;
}

int hold(const std::string& state, bool by_child) {
  SystemClock clock;
  const Lock lock = must(lock_environment(state, production, {clock}));
  if (by_child) {
    int until_exec[2];
    if (::pipe2(until_exec, O_CLOEXEC) != 0) return 3;
    if (::fork() == 0) {
      // As docker or a release would: another program that outlives the reconciler.
      ::execl("/bin/sleep", "sleep", "30", nullptr);
      std::_Exit(127);
    }
    ::close(until_exec[1]);
    char none;
    if (::read(until_exec[0], &none, 1) != 0) return 3;
  }
  say("held");
  ::sleep(30);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  if (verb == "deploy" && argc == 4) return deploy(argv[2], argv[3]);
  if (verb == "hold") return hold(argv[2], false);
  if (verb == "hold-by-child") return hold(argv[2], true);
  return 64;
}
