#include "reconciler/driver/serve.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <thread>

#include "reconciler/driver/rpc.hpp"
#include "reconciler/driver/wire.hpp"

namespace reconciler {
namespace {

/// Whole lines, from the reader's thread and from the one that works.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}
  void write(std::string_view line) {
    const std::lock_guard lock(mutex_);
    while (!line.empty()) {
      const ssize_t n = ::write(fd_, line.data(), line.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;  // the other side has gone, and its end of input follows
      line.remove_prefix(static_cast<size_t>(n));
    }
  }

 private:
  int fd_;
  std::mutex mutex_;
};

class Told final : public Progress {
 public:
  Told(Output& output, std::int64_t id) : output_(output), id_(id) {}
  void line(std::string_view text) override {
    output_.write(rpc::notification("progress", JsonObject{{"id", id_}, {"line", text}}));
  }

 private:
  Output& output_;
  std::int64_t id_;
};

template <class T>
Result<Json> written(Result<T> result) {
  if (!result) return failed(result);
  return wire::write(*result);
}

class Server {
 public:
  Server(Driver& driver, Clock& clock, int out) : driver_(driver), clock_(clock), output_(out) {}
  ~Server() { end(); }

  /// False for what ends the conversation.
  bool take(const std::string& line) {
    auto message = rpc::parse(line);
    if (!message) {
      std::fputs(render(message.error()).c_str(), stderr);
      return false;
    }
    if (message->method == "cancel") {
      if (number_at(message->params, "id") == running_) stop_.request_stop();
      return true;
    }
    if (!message->id || message->method.empty()) return true;
    if (running_ != 0) {
      output_.write(rpc::refusal(
          *message->id, error("driver.busy", "one call at a time: the last is not answered yet")));
      return true;
    }
    if (worker_.joinable()) worker_.join();
    stop_ = std::stop_source();
    running_ = *message->id;
    worker_ = std::thread([this, call = std::move(*message)] {
      auto result = answer(call);
      const std::string text = result ? rpc::answer(*call.id, std::move(*result))
                                      : rpc::refusal(*call.id, result.error());
      running_ = 0;  // before the answer: the next call may follow it at once
      output_.write(text);
    });
    return true;
  }

  void end() {
    stop_.request_stop();
    if (worker_.joinable()) worker_.join();
  }

 private:
  template <class T>
  Result<T> param(const rpc::Message& call, std::string_view name) const {
    const Json* found = member(call.params, name);
    if (!found)
      return failure(error("driver.protocol", fmt::format("{} has no {}", call.method, name)));
    return wire::read_as<T>(*found);
  }
  Deadline deadline_of(const rpc::Message& call) const {
    return {clock_, Duration(number_at(call.params, "deadline_ms", 60'000))};
  }

  Result<Json> answer(const rpc::Message& call) {
    if (call.method == "describe") return wire::write(driver_.describe());
    if (call.method == "prepare") return prepare(call);
    if (call.method == "observe") return observe(call);
    if (call.method == "snapshot") return snapshot(call);
    if (call.method == "restore") return restore(call);
    if (call.method == "left_behind") return left_behind(call);
    if (call.method == "perform" || call.method == "recover") return attempt(call);
    if (call.method == "check") {
      JsonArray findings;
      for (const auto& finding : driver_.check(deadline_of(call)))
        findings.push_back(wire::write(finding));
      return Json(JsonObject{{"findings", std::move(findings)}});
    }
    return failure(
        error("driver.protocol", fmt::format("a driver has no call \"{}\"", call.method)));
  }

  Result<Json> prepare(const rpc::Message& call) {
    auto request = param<Request>(call, "request");
    if (!request) return failed(request);
    auto variables = param<Variables>(call, "variables");
    if (!variables) return failed(variables);
    return written(driver_.prepare(*request, *variables, deadline_of(call)));
  }

  Result<Json> observe(const rpc::Message& call) {
    auto id = param<EnvironmentId>(call, "id");
    if (!id) return failed(id);
    auto memory = param<Memory>(call, "memory");
    if (!memory) return failed(memory);
    auto variables = param<Variables>(call, "variables");
    if (!variables) return failed(variables);
    const Json* wanted = member(call.params, "wanted");
    return written(
        driver_.observe(*id, wanted ? *wanted : Json(), *memory, *variables, deadline_of(call)));
  }

  Result<Json> snapshot(const rpc::Message& call) {
    auto id = param<EnvironmentId>(call, "id");
    if (!id) return failed(id);
    const Json* wanted = member(call.params, "wanted");
    return written(driver_.snapshot(*id, wanted ? *wanted : Json(), deadline_of(call)));
  }

  Result<Json> restore(const rpc::Message& call) {
    auto recorded = param<Recorded>(call, "recorded");
    if (!recorded) return failed(recorded);
    return written(driver_.restore(*recorded, deadline_of(call)));
  }

  Result<Json> left_behind(const rpc::Message& call) {
    auto id = param<EnvironmentId>(call, "id");
    if (!id) return failed(id);
    const auto lineages = texts_at(call.params, "lineages");
    return written(driver_.left_behind(*id, member_or_null(call.params, "wanted"),
                                       {lineages.begin(), lineages.end()}, deadline_of(call)));
  }

  Result<Json> attempt(const rpc::Message& call) {
    auto attempt = param<Attempt>(call, "attempt");
    if (!attempt) return failed(attempt);
    Told progress(output_, *call.id);
    auto variables = param<Variables>(call, "variables");
    if (!variables) return failed(variables);
    if (call.method == "recover")
      return written(driver_.recover(*attempt, *variables, progress, stop_.get_token()));
    return written(driver_.perform(*attempt, *variables, progress, stop_.get_token()));
  }

  Driver& driver_;
  Clock& clock_;
  Output output_;
  std::atomic<std::int64_t> running_{0};
  std::stop_source stop_;
  std::thread worker_;
};

}  // namespace

int serve(Driver& driver, Clock& clock, int in, int out) {
  Server server(driver, clock, out);
  rpc::Lines lines;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(in, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    if (auto added = lines.add({buffer, static_cast<size_t>(n)}); !added) {
      std::fputs(render(added.error()).c_str(), stderr);
      return 1;
    }
    while (auto line = lines.next())
      if (!server.take(*line)) return 1;
  }
}

}  // namespace reconciler
