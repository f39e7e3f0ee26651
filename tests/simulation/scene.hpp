// What a chronicle happens to: one kind of host, what people do to it past the program, and what
// must hold of it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/event.hpp"
#include "tests/simulation/past.hpp"
#include "tests/simulation/seam.hpp"
#include "tests/simulation/shown.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {

/// Versions of that tag are otherwise from now on: among those, or not among them any more.
inline void turn(std::set<std::string>& tags, const std::string& tag) {
  if (!tags.erase(tag)) tags.insert(tag);
}

/// Functions that judge say what does not hold, in one sentence; none where all does.
class Scene {
 public:
  Scene() = default;
  virtual ~Scene() = default;
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  /// The drivers of a process that calls them through that seam.
  virtual Equip equip(Seam& seam) = 0;
  /// The story that it is in, from its beginning; not owned.
  virtual void enter(Story& story) = 0;

  /// Does what people do to the host, and writes down what that may be to blame for; false where
  /// the event is not of that kind.
  virtual bool done_by_people(const Event& event, Past& past) = 0;
  /// Nothing of it goes wrong by itself from now on.
  virtual void calm() = 0;
  virtual void power_is_lost(Past& past) = 0;
  /// The ledger is an older one from here on.
  virtual void ledger_is_lost(Past& past) = 0;
  /// A person does on the host what it says that is to be done.
  virtual void done_as_told(const Condition&) {}
  /// Nobody knows any more what was released by now. The first call counts.
  virtual void forget_releases() = 0;
  /// Of whoever made what is there.
  virtual std::vector<std::string> lineages() const = 0;
  /// A person took over what those made.
  virtual void adopted(const std::vector<std::string>& lineages) = 0;

  /// What was done to it so far, in order; what only looks is not there, or begins with `verify`.
  virtual const std::vector<std::string>& calls() const = 0;
  /// Whether a tag's release is done; none: nobody can tell.
  virtual std::optional<bool> was_released(const std::string& tag) const = 0;
  /// What of it may be to blame for how it is, or ends.
  virtual void blame(Past& past) const = 0;

  /// Whatever happened.
  virtual std::optional<std::string> holds(const Memory& memory) = 0;
  /// How what is there differs from a version that runs as it should; `tidied`: and nothing is left
  /// of what was there before.
  virtual std::optional<std::string> differs(const std::string& target, bool tidied) const = 0;
  /// What was done since `before` calls is a beginning of what was shown, then at most a beginning
  /// of the way back that it named.
  virtual std::optional<std::string> declared(const Shown& shown, size_t before) const = 0;
  /// Nobody is left with a version that is not good for want of a way back.
  virtual std::optional<std::string> stays_at_a_good_one(const Condition& now,
                                                         const Past& past) const = 0;
};

}  // namespace reconciler::simulation
