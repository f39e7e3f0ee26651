// What the ledger's tests share: a folder that goes away, time that moves when told, plain values.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <functional>
#include <memory>
#include <string>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/ledger/ledger.hpp"

namespace reconciler {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/ledger-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { (void)remove_tree(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

class MovedClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override {
    return WallTime(std::chrono::seconds(1'795'258'800)) +
           std::chrono::floor<std::chrono::seconds>(now_.time_since_epoch());
  }
  bool wait_until(Instant until, std::stop_token stop) override {
    now_ = std::max(now_, until);
    if (on_wait) on_wait();
    return !stop.stop_requested();
  }
  std::function<void()> on_wait;  ///< what happens meanwhile
  void pass(Duration d) { now_ += d; }

 private:
  Instant now_{};
};

inline const EnvironmentId production{"portfolio", "production"};

inline std::unique_ptr<Ledger> open_ledger(const std::string& folder, const Clock& clock) {
  auto ledger = Ledger::open(folder, clock);
  if (!ledger) throw std::runtime_error(render(ledger.error()));
  return std::move(*ledger);
}

inline RunStart start_of(const std::string& from, const std::string& to) {
  return {production, "plan-" + to, from, to, "digest-" + to, "c0ffee", "subject", "anna", {}};
}

inline Release release_of(const std::string& tag) {
  return {tag, "commit-" + tag, "digest-" + tag, WallTime(std::chrono::seconds(1'795'258'800))};
}

inline Action release_action(const std::string& tag) {
  Action action;
  action.key = "key-" + tag;
  action.title = "release";
  action.reason = "not yet run";
  action.once_key = "portfolio/production/release/" + tag;
  action.work.phase = Phase::release;
  action.work.verb = "release";
  action.work.effect = Effect::once;
  action.work.targets = {{"tasks", "task", "release"}};
  action.work.input = JsonObject{{"image", "backend:" + tag}};
  return action;
}

inline Action switch_action() {
  Action action;
  action.key = "key-switch";
  action.title = "backend";
  action.work.phase = Phase::change;
  action.work.verb = "switch";
  action.work.targets = {{"compose", "service", "backend"}};
  return action;
}

/// All boxes of a version, one after the other.
inline std::string boxes(const Ledger& ledger, Ledger::Slot slot) {
  std::string all;
  const auto records = *ledger.snapshots(production, slot);
  for (const auto& [id, one] : records) all += one.sealed.box;
  return all;
}

/// What version 8 of the ledger's file added, taken out of it again.
constexpr const char* back_to_version_7 =
    "ALTER TABLE attempts DROP COLUMN settled_run; "
    "ALTER TABLE environments DROP COLUMN watched_from; "
    "ALTER TABLE environments DROP COLUMN watched_back; "
    "ALTER TABLE environments DROP COLUMN watched_unwell; "
    "ALTER TABLE environments DROP COLUMN watched_of; PRAGMA user_version = 7; ";

/// The whole error as people see it.
template <class T>
std::string told(const Result<T>& result) {
  return result ? "no error\n" : render(result.error());
}

}  // namespace reconciler
