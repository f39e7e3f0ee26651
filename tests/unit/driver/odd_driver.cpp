// A driver for the tests of RemoteDriver, served as any other, or badly: odd_driver HOW.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>

#include "reconciler/driver/serve.hpp"

using namespace reconciler;
using namespace std::chrono_literals;

namespace {

std::string how;

class OddDriver final : public Driver {
 public:
  Description describe() const override { return {"odd", {"thing"}, {}, {}, {"do"}}; }
  Result<Prepared> prepare(const Request& request, const Variables& variables, Deadline) override {
    Prepared prepared;
    JsonObject names;
    for (const auto& [name, variable] : variables)
      names[name] = JsonObject{{"digest", variable.value.digest("k")}, {"secret", variable.secret}};
    prepared.wanted = JsonObject{{"tag", request.tag}, {"variables", std::move(names)}};
    return prepared;
  }
  Result<Observation> observe(const EnvironmentId&, const Json&, const Memory&, const Variables&,
                              Deadline deadline) override {
    if (how == "slow") std::this_thread::sleep_for(30s);
    Observation seen;
    seen.notices = {deadline.left(clock) > 5s ? "long" : "short"};
    if (how == "large") seen.notices.push_back(std::string(5U << 20U, 'x'));
    return seen;
  }
  Result<Outcome> perform(const Attempt& attempt, const Variables&, Progress& progress,
                          std::stop_token stop) override {
    if (how == "dies") {
      std::fputs("out of luck\n", stderr);
      std::_Exit(7);
    }
    if (how == "killed") std::abort();
    if (how == "refuses") return failure(error("thing.broken", "it is broken").next("mend it"));
    progress.line("began \xff");
    if (how == "waits") {
      while (!stop.stop_requested()) std::this_thread::sleep_for(5ms);
      return Outcome{Fate::unknown, JsonObject{{"detail", "stopped"}}};
    }
    if (how == "deaf") std::this_thread::sleep_for(30s);
    return Outcome{Fate::succeeded, JsonObject{{"attempt", attempt.id}, {"pid", ::getpid()}}};
  }
  Result<Outcome> recover(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{Fate::not_started, {}};
  }
  std::vector<Finding> check(Deadline) override { return {{false, "something", "mend it"}}; }

 private:
  SystemClock clock;
};

}  // namespace

int main(int, char** argv) {
  how = argv[1];
  if (how == "babble") std::cout << "Welcome to the odd driver 1.0" << std::endl;
  if (how == "endless") {
    const std::string much(1U << 20U, 'x');
    for (int n = 0; n < 20; ++n) std::cout << much << std::flush;
  }
  if (how == "ends") return 3;
  if (how == "environment") {
    for (char** one = environ; *one; ++one) std::fprintf(stderr, "%s\n", *one);
    return 4;
  }
  SystemClock clock;
  OddDriver driver;
  return serve(driver, clock);
}
