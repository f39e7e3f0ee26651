// A host and a repository that sequences of events happen to, under the whole loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/partly.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/rollback.hpp"
#include "tests/simulation/versions.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {

class NoHelper final : public Helper {
 public:
  Result<Json> call(const std::string& verb, const Json&, Duration, std::stop_token) override {
    return failure(error("helper.missing", "nothing is to be asked of it: " + verb));
  }
};

/// One environment; `v0` is asked for.
class Story {
 public:
  using Wrap = std::function<std::unique_ptr<Driver>(std::unique_ptr<Driver>)>;

  /// `keep`: how many versions' images beside the current and the previous one. `vfs`: what the
  /// ledger lies on; `wrap`: what stands before the driver.
  explicit Story(
      int keep, const std::string& vfs = "",
      const Wrap& wrap = [](std::unique_ptr<Driver> driver) { return driver; })
      : folder_("/dev/shm/reconciler-story-" + to_hex(random_bytes(8))), vfs_(vfs) {
    ledger_ = std::move(*Ledger::open(folder_, clock_, vfs_));
    providers_.emplace(machine_, ledger_->key(), ledger_->lineage(), folder_, clock_);
    (void)drivers_.add(wrap(std::make_unique<VersionsDriver>(host)));
    machine_.parallel = 1;  // so that all of it happens in one order
    asked_.spec.id = id;
    asked_.spec.folder = "app";
    asked_.spec.verify_timeout = Duration(2000);
    asked_.spec.verify_stable = Duration(1000);
    asked_.spec.keep = keep;
    asked_.config.commit = commit_;
    asked_.config.touched["app"] = {commit_, "a change"};
    export_tree();
    commit("v0");
  }
  ~Story() { (void)remove_tree(folder_); }
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  void commit(const std::string& tag) {
    asked_.spec.tag = tag;
    asked_.spec.sections = JsonObject{
        {"sim", JsonObject{{"services", to_json(services)}, {"release", true}, {"check", check_}}}};
  }
  /// The manifest checks something else from now on.
  void check(const std::string& name) {
    check_ = name;
    commit(asked_.spec.tag);
  }
  /// The process is gone, and another one begins; `between`: what happens before it does.
  Status restart(const std::function<void()>& between = [] {}) {
    providers_.reset();
    ledger_.reset();
    between();
    auto opened = Ledger::open(folder_, clock_, vfs_);
    if (!opened) return failed(opened);
    ledger_ = std::move(*opened);
    providers_.emplace(machine_, ledger_->key(), ledger_->lineage(), folder_, clock_);
    return ledger_->loss() ? failure(*ledger_->loss()) : Status{};
  }

  /// As `run` does it: what waits for a person is left alone. `agreed` is shown what is performed.
  Result<Reconciled> pass(
      Ends ends = {}, const std::function<void(const Plan&)>& agreed = [](const Plan&) {}) {
    const auto agree = [&](const Look& seen) -> Result<bool> {
      auto last = ledger_->last_run(id);
      if (!last) return failed(last);
      if (condition_of(seen.plan, *last).word != "Reconciling") return false;
      agreed(seen.plan);
      return true;
    };
    clock_.wait_until(clock_.now() + std::chrono::minutes(1), {});
    return reconcile(parts(), asked_, "run", agree, silent_, std::move(ends));
  }
  /// As a person applies it, all or a part of it.
  Result<Partly> apply(const Cut& cut = {}) {
    const auto agree = [](const Look&) -> Result<bool> { return true; };
    return reconcile_partly(parts(), asked_, cut, "anna", agree, silent_, {});
  }
  /// As a person asks for it; what cannot be gone back to is left.
  void rollback() {
    auto all = candidates(parts(), asked_, {});
    if (!all) return;
    for (const auto& one : *all) {
      if (!one.blocked.empty()) continue;
      (void)rollback_to(one.tag);
      return;
    }
  }
  Result<Reconciled> rollback_to(const std::string& tag, Ends ends = {}) {
    Asked back = asked_;
    back.instead = Instead{tag, "Requested", "anna went back to " + tag};
    const auto agree = [](const Look&) -> Result<bool> { return true; };
    return reconcile(parts(), back, "anna", agree, silent_, std::move(ends));
  }
  std::string retry() { return ledger_->retry(id, "anna").value_or(""); }
  void suspend() { (void)ledger_->suspend(id, {"anna", "", clock_.wall(), {}}); }
  void resume() { (void)ledger_->resume(id); }
  /// What its manifest says.
  EnvironmentSpec& spec() { return asked_.spec; }
  Look seen() { return *look(parts(), asked_, {}); }
  /// As `status` says it.
  Condition condition() {
    const auto seen = look(parts(), asked_, {});
    return seen ? condition_of(seen->plan, *ledger_->last_run(id)) : condition_of(id, seen.error());
  }
  RunRow run(RunId serial) { return *ledger_->run(serial); }
  RunRow last_run() { return **ledger_->last_run(id); }
  std::int64_t serial() { return *ledger_->serial(id); }
  Memory memory() { return *ledger_->memory(id); }

  const EnvironmentId id{"app", "production"};
  const std::vector<std::string> services{"backend", "worker"};
  VersionsHost host;

 private:
  Parts parts() { return {*ledger_, drivers_, helper_, clock_, machine_, folder_, *providers_}; }
  /// One tree for all: what a version is stands in its manifest.
  void export_tree() const {
    const std::string tree = folder_ + "/trees/app/production/" + commit_;
    (void)make_folders(tree, 0700);
    (void)replace_file(tree + ".index", "[]", 0600);
    const Json about = JsonObject{
        {"commit", commit_}, {"subject", "a change"}, {"folder", "app"}, {"files", JsonObject{}}};
    (void)replace_file(tree + ".about", boost::json::serialize(about), 0600);
  }

  const std::string folder_;
  const std::string vfs_;
  const std::string commit_ = std::string(40, 'c');
  SimClock clock_;
  std::unique_ptr<Ledger> ledger_;
  Drivers drivers_;
  NoHelper helper_;
  Host machine_;
  std::optional<Providers> providers_;
  Silent silent_;
  Asked asked_;
  std::string check_ = "services";
};

}  // namespace reconciler::simulation
