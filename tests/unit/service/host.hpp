// A host in memory for tests of `run`: what a tag is made of is built, runs, and is checked. Builds
// and looks hang where a test says so; everything that happens can be waited for.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "reconciler/driver/driver.hpp"

namespace reconciler::test {

/// Time that a test moves. Whoever waits waits for that, or, where it jumps, for nothing.
class MovedClock final : public Clock {
 public:
  Instant now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  WallTime wall() const override {
    return WallTime(std::chrono::seconds(1'795'258'800)) +
           std::chrono::floor<std::chrono::seconds>(now().time_since_epoch());
  }
  bool wait_until(Instant until, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (jumps_)
      now_ = std::max(now_, until);
    else
      moved_.wait(lock, stop, [&] { return jumps_ || now_ >= until; });
    return !stop.stop_requested();
  }
  void pass(Duration d) {
    const std::lock_guard lock(mutex_);
    now_ += d;
    moved_.notify_all();
  }
  void jump(bool jumps) {
    const std::lock_guard lock(mutex_);
    jumps_ = jumps;
    moved_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any moved_;
  Instant now_{std::chrono::hours(1)};
  bool jumps_ = true;
};

/// What is there, and what is to go wrong. Everything under one mutex.
class MemoryHost {
 public:
  /// Waits until `it` holds; a test that waits for what never comes fails.
  [[nodiscard]] bool until(const std::function<bool(const MemoryHost&)>& it) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return it(*this); });
  }
  template <class F>
  auto with(const F& f) {
    const std::lock_guard lock(mutex_);
    const Notify notify{changed_};
    return f(*this);
  }
  /// Waits for as long as `names` has `name`; false when stopped meanwhile.
  bool pass_gate(const std::set<std::string>& names, const std::string& name,
                 const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return !names.contains(name); });
    return !stop.stop_requested();
  }

  std::map<std::string, std::string> running;  ///< environment -> tag
  std::map<std::string, std::string> beside;   ///< environment -> what someone started there
  std::set<std::string> left;                  ///< environments with something to remove
  std::set<std::string> images;
  std::set<std::string> hanging_builds;  ///< tags
  std::set<std::string> broken_builds;   ///< tags
  std::set<std::string> hanging_looks;   ///< environments
  std::set<std::string> unwell;          ///< tags whose check fails
  std::set<std::string> stuck;           ///< environments where nothing can be removed
  std::set<std::string> unreachable;     ///< environments that cannot be looked at now
  std::vector<std::string> calls;        ///< `build TAG`, `switch ENV TAG`
  std::map<std::string, int> looks;      ///< by environment
  std::map<std::string, int> checks;     ///< by tag
  std::function<void(const std::string& environment)> on_switch = [](const std::string&) {};
  std::function<void(const std::string& environment)> on_look = [](const std::string&) {};

 private:
  struct Notify {
    std::condition_variable_any& changed;
    ~Notify() { changed.notify_all(); }
  };
  std::mutex mutex_;
  std::condition_variable_any changed_;
};

class MemoryDriver final : public Driver {
 public:
  explicit MemoryDriver(MemoryHost& host) : host_(host) {}
  Description describe() const override { return {"sim", {}, {}, {}, {}}; }

  Result<Prepared> prepare(const Request& request, const Variables&, Deadline) override {
    Prepared prepared;
    prepared.wanted = JsonObject{{"tag", request.tag}};
    prepared.digest = request.tag;
    Step check;
    check.name = "web";
    check.work.phase = Phase::verify;
    check.work.verb = "verify";
    check.work.targets = {service(request.id)};
    check.work.input = prepared.wanted;
    prepared.steps = {check};
    return prepared;
  }

  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory&,
                              const Variables&, Deadline) override {
    const auto name = id.text();
    host_.with([&](MemoryHost& host) { ++host.looks[name]; });
    host_.on_look(name);
    host_.pass_gate(host_.hanging_looks, name, {});
    const auto tag = text_at(wanted, "tag");
    return host_.with([&](MemoryHost& host) -> Result<Observation> {
      if (host.unreachable.contains(name))
        return failure(error("docker.unreachable", "no Engine").passing());
      Observation seen;
      seen.resources = {resource({"sim", "image", tag}, tag, host.images.contains(tag) ? tag : "",
                                 Phase::supply, "build"),
                        resource(service(id), tag, host.running[name], Phase::change, "switch")};
      seen.resources[0].artifact = true;
      seen.resources[0].inputs = "inputs of " + tag;
      if (const auto& other = host.beside[name]; !other.empty()) {
        auto stray = resource({"sim", "service", other}, "", other, Phase::change, "stop");
        stray.ours = true;
        stray.remedies[Aim::remove] = std::move(stray.remedies[Aim::match]);
        seen.resources.push_back(std::move(stray));
      }
      if (host.left.contains(name)) {
        auto old = resource({"sim", "kept", name}, "", "old", Phase::prune, "remove");
        old.ours = true;
        old.remedies[Aim::remove] = std::move(old.remedies[Aim::match]);
        seen.resources.push_back(std::move(old));
      }
      return seen;
    });
  }

  Result<Outcome> perform(const Attempt& attempt, const Variables&, Progress&,
                          std::stop_token stop) override {
    const auto tag = text_at(attempt.work.input, "tag");
    const auto environment = attempt.environment.text();
    const auto& verb = attempt.work.verb;
    if (verb == "build") {
      host_.with([&](MemoryHost& host) { host.calls.push_back("build " + tag); });
      if (!host_.pass_gate(host_.hanging_builds, tag, stop))
        return failure(error("process.stopped", "the build was stopped"));
      if (host_.with([&](MemoryHost& host) { return host.broken_builds.contains(tag); }))
        return failure(error("image.build_failed", "building " + tag + " failed"));
      host_.with([&](MemoryHost& host) { host.images.insert(tag); });
    } else if (verb == "stop") {
      host_.with([&](MemoryHost& host) {
        host.calls.push_back("stop " + attempt.work.targets[0].name);
        host.beside[environment].clear();
      });
    } else if (verb == "remove") {
      return host_.with([&](MemoryHost& host) -> Result<Outcome> {
        host.calls.push_back("remove " + environment);
        if (host.stuck.contains(environment)) return failure(error("docker.error", "it is in use"));
        host.left.erase(environment);
        return Outcome{Fate::succeeded, JsonObject{}};
      });
    } else if (verb == "switch") {
      host_.with([&](MemoryHost& host) {
        host.calls.push_back("switch " + environment + " " + tag);
        host.running[environment] = tag;
      });
      host_.on_switch(environment);
    } else {
      return host_.with([&](MemoryHost& host) {
        ++host.checks[tag];
        const bool unwell = host.unwell.contains(tag);
        return Outcome{unwell ? Fate::failed : Fate::succeeded,
                       JsonObject{{"detail", unwell ? "does not answer" : "well"}}};
      });
    }
    return Outcome{Fate::succeeded, JsonObject{}};
  }
  Result<Outcome> recover(const Attempt&, const Variables&, Progress&, std::stop_token) override {
    return Outcome{};
  }
  std::vector<Finding> check(Deadline) override { return {}; }

 private:
  static ResourceId service(const EnvironmentId& id) { return {"sim", "service", id.text()}; }
  static Resource resource(ResourceId id, const std::string& wanted, const std::string& there,
                           Phase phase, const std::string& verb) {
    Resource r;
    r.id = std::move(id);
    r.desired = wanted;
    r.observed = there;
    if (wanted != there) r.differences = {{"tag", there, wanted}};
    Work work;
    work.phase = phase;
    work.verb = verb;
    work.targets = {r.id};
    work.input = JsonObject{{"tag", wanted}};
    r.remedies[Aim::match] = {std::move(work)};
    return r;
  }
  MemoryHost& host_;
};

}  // namespace reconciler::test
