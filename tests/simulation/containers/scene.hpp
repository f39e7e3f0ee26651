// A machine on which the containers of an application live, under the real Docker driver, for
// chronicles.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/containers/machine.hpp"
#include "tests/simulation/containers/stack.hpp"
#include "tests/simulation/scene.hpp"

namespace reconciler::simulation {

class ContainersScene final : public Scene {
 public:
  ContainersScene();

  Equip equip(Seam& seam) override;
  void enter(Story& story) override;
  bool done_by_people(const Event& event, Past& past) override;
  void calm() override;
  void power_is_lost(Past& past) override;
  void ledger_is_lost(Past& past) override;
  void done_as_told(const Condition& now) override;
  void forget_releases() override;
  std::vector<std::string> lineages() const override;
  void adopted(const std::vector<std::string>&) override {}
  const std::vector<std::string>& calls() const override { return calls_; }
  std::optional<bool> was_released(const std::string& tag) const override;
  void blame(Past& past) const override;
  std::optional<std::string> holds(const Memory& memory) override;
  std::optional<std::string> differs(const std::string& target, bool tidied) const override;
  std::optional<std::string> declared(const Shown& shown, size_t before) const override;
  std::optional<std::string> stays_at_a_good_one(const Condition& now,
                                                 const Past& past) const override;

 private:
  Machine& machine() { return *machine_; }
  void add_strangers();
  std::string strangers() const;
  void hear(const std::string& call);
  std::optional<std::string> of_last_good(const SimulatedContainer& going) const;
  std::optional<std::string> of_service(const SimulatedContainer& starting) const;
  std::optional<std::string> of_releases() const;
  std::optional<std::string> of_data();
  std::optional<std::string> differs(const docker::Container& wanted) const;
  bool stays_and_is_told(const SimulatedContainer& one) const;
  /// Anonymous ones.
  std::set<std::string> volumes_in_use() const;
  bool do_by_people(const Event& event, Past& past);
  bool to_container(const Event& event, Past& past);
  void prune(const Event& event, Past& past);

  const InstallationKey key_{std::string(32, 'k')};
  StackCompiler compiler_{key_};
  std::optional<Machine> machine_;
  Story* story_ = nullptr;
  std::vector<std::string> calls_;
  /// Services of which somebody has just removed a container: between a look and the call that
  /// comes of it, that is nobody's fault; from the next pass on it is seen.
  std::set<std::string> taken_away_;
  /// Somebody, or the Engine, may have started another since the pass began.
  bool meddled_ = false;
  std::set<std::string> gave_way_;  ///< services of which the pass stopped what served
  std::set<std::string> scripted_;  ///< tags that somebody deployed past the program
  bool is_fenced_ =
      false;  ///< the call that is made takes away what was made for a task and never begun
  bool fenced_ = false;    ///< one did
  bool had_data_ = false;  ///< there was a named volume
  std::string anonymous_;  ///< the database's volume; empty: nobody has one
  std::string strangers_;  ///< what is none of ours, as it was at first
  std::optional<std::set<std::string>> forgotten_;  ///< tags
  std::optional<std::string> heard_;
};

}  // namespace reconciler::simulation
