// A host on which versions come and go as a whole (versions.hpp), for chronicles.
#pragma once

#include <set>

#include "tests/simulation/scene.hpp"

namespace reconciler::simulation {

class VersionsScene final : public Scene {
 public:
  /// `backed_up`: its versions say how their data is.
  explicit VersionsScene(bool backed_up) : backed_up_(backed_up) {}

  Equip equip(Seam& seam) override { return seam.before(versions_drivers); }
  void enter(Story& story) override;
  bool done_by_people(const Event& event, Past& past) override;
  void calm() override;
  void power_is_lost(Past& past) override;
  void ledger_is_lost(Past& past) override;
  void forget_releases() override;
  std::vector<std::string> lineages() const override;
  void adopted(const std::vector<std::string>& lineages) override;
  const std::vector<std::string>& calls() const override { return host().calls; }
  std::optional<bool> was_released(const std::string& tag) const override;
  void blame(Past& past) const override { past.fenced_tasks = host().fenced; }
  std::optional<std::string> holds(const Memory& memory) override;
  std::optional<std::string> differs(const std::string& target, bool tidied) const override;
  std::optional<std::string> declared(const Shown& shown, size_t before) const override;
  std::optional<std::string> stays_at_a_good_one(const Condition& now,
                                                 const Past& past) const override;

 private:
  VersionsHost& host() const { return story_->host; }
  /// Listens to each call that changes something; what does not hold then is said by holds().
  void hear(const std::string& call);
  std::optional<std::string> of_versions(const Memory& memory) const;
  std::optional<std::string> of_releases() const;
  std::optional<std::string> of_data(const Memory& memory);
  void to_service(const Event& event, Past& past);
  void run_old_script(const std::string& tag, Past& past);

  const bool backed_up_;
  Story* story_ = nullptr;
  std::optional<std::set<std::string>> forgotten_;  ///< tags
  std::optional<std::string> heard_;
  std::string recorded_;  ///< the tag that was current when it was looked last
};

}  // namespace reconciler::simulation
