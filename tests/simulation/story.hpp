// A host and a repository that sequences of events happen to, under the whole loop.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/compile.hpp"
#include "reconciler/condition.hpp"
#include "reconciler/errand.hpp"
#include "reconciler/partly.hpp"
#include "reconciler/reconcile.hpp"
#include "reconciler/rollback.hpp"
#include "tests/simulation/blank.hpp"
#include "tests/simulation/process.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {

/// What stands in the environment's env file, and nowhere else. Drivers print it where they can.
inline constexpr std::string_view canary = "canary-3b1f-of-the-env-file";

/// One environment; `v0` is asked for.
class Story {
 public:
  /// `keep`: how many versions' images beside the current and the previous one. `vfs`: what the
  /// ledger lies on; `equip`: its processes' drivers.
  explicit Story(int keep, const std::string& vfs = "", Equip equip = versions_drivers)
      : folder_("/dev/shm/reconciler-story-" + to_hex(random_bytes(8))),
        place_{folder_, vfs, clock_, machine_, host},
        equip_(std::move(equip)) {
    host.now = [this] { return clock_.now(); };
    host.wall = [this] { return clock_.wall(); };
    lay_blank(folder_);
    process_ = Process::begin(place_, equip_).value();
    machine_.parallel = 1;  // so that all of it happens in one order
    asked_.spec.id = id;
    asked_.spec.folder = "app";
    asked_.spec.verify_timeout = Duration(2000);
    asked_.spec.verify_stable = stable;
    asked_.spec.keep = keep;
    asked_.config.commit = commit_;
    asked_.config.touched["app"] = {commit_, "a change"};
    write_secrets();
    export_tree();
    commit("v0");
  }
  ~Story() {
    process_.reset();
    (void)remove_tree(folder_);
    (void)remove_tree(secrets_);
  }
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  void commit(const std::string& tag) {
    asked_.spec.tag = tag;
    asked_.spec.sections = sections_
                               ? *sections_
                               : JsonObject{{"sim", JsonObject{{"services", to_json(services)},
                                                               {"release", true},
                                                               {"check", check_}}}};
  }
  /// Every manifest says that, from now on.
  void ask_for(const Json& sections) {
    sections_ = sections;
    commit(asked_.spec.tag);
  }
  /// The manifest checks something else from now on.
  void check(const std::string& name) {
    check_ = name;
    commit(asked_.spec.tag);
  }
  /// The process is gone, and another one begins; `between`: what happens before it does.
  Status restart(const std::function<void()>& between = [] {}) {
    process_.reset();
    between();
    auto begun = Process::begin(place_, equip_);
    if (!begun) return failed(begun);
    process_ = std::move(*begun);
    return ledger().loss() ? failure(*ledger().loss()) : Status{};
  }

  /// As `run` does it: what waits for a person is left alone. `agreed` is shown what is performed.
  Result<Reconciled> pass(
      Ends ends = {}, const std::function<void(const Plan&)>& agreed = [](const Plan&) {}) {
    clock_.wait_until(clock_.now() + std::chrono::minutes(1), {});
    return pass_of(*process_, events_ ? *events_ : silent_, std::move(ends), agreed);
  }
  /// The same by another process, which is on this host meanwhile and no longer.
  Result<Reconciled> pass_of_another(
      const Equip& equip, Events& events,
      const std::function<void(const Plan&)>& agreed = [](const Plan&) {}) {
    auto another = Process::begin(place_, equip);
    if (!another) return failed(another);
    return pass_of(**another, events, {}, agreed);
  }
  /// As a person applies it, all or a part of it.
  Result<Partly> apply(const Cut& cut = {}) {
    const auto agree = [](const Look&) -> Result<bool> { return true; };
    return reconcile_partly(parts(), asked_, cut, "anna", agree, silent_, {});
  }
  /// As a person has it done beside what git asks for.
  Result<Reconciled> errand(
      const Errand& what, const std::function<void(const Plan&)>& agreed = [](const Plan&) {}) {
    const auto agree = [&](const Look& seen) -> Result<bool> {
      agreed(seen.plan);
      return true;
    };
    return run_errand(parts(), asked_, what, "anna", agree, events_ ? *events_ : silent_, {});
  }
  /// Where its backups lie.
  std::string backups() const { return backups_of(machine_, folder_, id); }
  /// What a person can go back to, and what cannot be gone back to.
  std::vector<Candidate> former() {
    return candidates(parts(), asked_, {}).value_or(std::vector<Candidate>{});
  }
  /// As a person asks for it; what cannot be gone back to is left.
  void rollback() {
    for (const auto& one : former()) {
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
  std::string retry() { return ledger().retry(id, "anna").value_or(""); }
  void suspend() { (void)ledger().suspend(id, {"anna", "", clock_.wall(), {}}); }
  void resume() { (void)ledger().resume(id); }
  /// What its manifest says.
  EnvironmentSpec& spec() { return asked_.spec; }
  Result<Look> look_once() { return look(parts(), asked_, {}); }
  Look seen() { return *look_once(); }
  /// As `status` says it.
  Condition condition() {
    const auto seen = look_once();
    if (!seen) return condition_of(id, seen.error());
    const auto last = ledger().last_run(id);
    return last ? condition_of(seen->plan, *last) : condition_of(id, last.error());
  }
  RunRow run(RunId serial) { return *ledger().run(serial); }
  RunRow last_run() { return **ledger().last_run(id); }
  std::int64_t serial() { return *ledger().serial(id); }
  Ledger& ledger() { return process_->ledger(); }
  SimClock& clock() { return clock_; }
  /// Who is told of what passes do, from now on; it outlives the story.
  void tell(Events& events) { events_ = &events; }
  /// While no process has it open.
  void move_ledger_away() const {
    for (const char* name : {"/ledger.db", "/ledger.db-wal", "/ledger.db-shm"})
      (void)remove_tree(folder_ + name);
  }
  /// What could not be removed is tried again in each pass, as `run` does it after a while.
  void tidy() { tidies_ = true; }
  /// Which file of the state folder holds a secret in clear; none: none does.
  std::optional<std::string> leaks() const {
    for (const auto& name : list_folder(folder_).value_or(std::vector<std::string>{})) {
      const auto text = read_file(folder_ + "/" + name, 64 << 20);
      if (text && text->find(canary) != std::string::npos) return "a secret stands in " + name;
    }
    return std::nullopt;
  }
  Memory memory() { return *ledger().memory(id); }

  const EnvironmentId id{"app", "production"};
  const std::vector<std::string> services{"backend", "worker"};
  VersionsHost host;

 private:
  Parts parts() { return process_->parts(); }
  Result<Reconciled> pass_of(Process& process, Events& events, Ends ends,
                             const std::function<void(const Plan&)>& agreed) {
    const auto agree = [&](const Look& seen) -> Result<bool> {
      auto last = process.ledger().last_run(id);
      if (!last) return failed(last);
      const bool due = is_left_over(seen.plan, *last)
                           ? tidies_
                           : condition_of(seen.plan, *last).word == "Reconciling";
      if (!due) return false;
      agreed(seen.plan);
      return true;
    };
    return reconcile(process.parts(), asked_, "run", agree, events, std::move(ends));
  }
  void write_secrets() {
    (void)make_folders(secrets_, 0700);
    (void)replace_file(env_file_, fmt::format("PASSWORD={}\n", canary), 0600);
    machine_.environments[id.text()].files[".env"] = env_file_;
    asked_.spec.env_files = {{".env", {}}};
  }
  /// One tree for all: what a version is stands in its manifest.
  void export_tree() const {
    const std::string tree = folder_ + "/trees/app/production/" + commit_;
    (void)make_folders(tree, 0700);
    (void)replace_file(tree + ".index", "[]", 0600);
    const Json about = JsonObject{{"commit", commit_},
                                  {"subject", "a change"},
                                  {"folder", "app"},
                                  {"files", JsonObject{{".env", env_file_}}}};
    (void)replace_file(tree + ".about", boost::json::serialize(about), 0600);
  }

  const std::string folder_;
  const std::string secrets_ = folder_ + "-secrets";
  const std::string env_file_ = secrets_ + "/env";
  const std::string commit_ = std::string(40, 'c');
  SimClock clock_;
  Host machine_;
  const Place place_;
  const Equip equip_;
  std::unique_ptr<Process> process_;
  Silent silent_;
  Events* events_ = nullptr;
  bool tidies_ = false;
  Asked asked_;
  std::string check_ = "services";
  std::optional<Json> sections_;
};

}  // namespace reconciler::simulation
