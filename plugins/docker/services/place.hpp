// Where one service stands, told from a look alone: which container has its name, which waits
// beside it, which was kept, how it differs from what is wanted, and what is to be done.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugins/docker/services/compare.hpp"
#include "plugins/docker/services/context.hpp"
#include "plugins/docker/services/look.hpp"

namespace reconciler::docker {

struct Place {
  const Container* wanted = nullptr;
  const Seen* current = nullptr;  ///< NAME, or the one container of the service under another name
  const Seen* next = nullptr;     ///< NAME.next
  const Seen* prev = nullptr;     ///< NAME.prev
  const Seen* failed = nullptr;   ///< NAME.failed
  std::vector<const Seen*> strays;      ///< of the service, and none of these
  std::string image_id;                 ///< of the wanted image; empty while it is not on the host
  std::vector<Difference> differences;  ///< of `current`
  bool next_is_right = false;           ///< `next` is as wanted, connected, never started
  bool prev_is_right = false;    ///< `prev` is as wanted, but for its name and its restart policy
  bool stale_lender = false;     ///< it has a namespace of a container that was started anew since
  std::vector<Json> pre_stop{};  ///< what `current` is to do before it is stopped (pre_stop.hpp)
  Sealed pre_stop_record{};  ///< that they are from; empty: they are the wanted model's, or none

  /// Whose data goes on where no other is left of it: the one that was put aside; else null.
  const Seen* last_of_it() const { return current || prev ? nullptr : failed; }
  /// Up as wanted, or through with its work as wanted.
  bool well_placed() const;
  /// has_finished(), and not only stopped for the one that failed after it.
  bool finished() const;
  /// It ended otherwise, and the Engine starts it no more.
  bool ended_for_good() const;
  /// Created and never started.
  bool never_ran() const;
  /// It was started, by us, and nothing tells that its post_start hooks are through: they are run
  /// before a container gets its name.
  bool hooks_are_due() const;
  /// It stays the container that it is: as wanted but for its name, its hooks or a namespace.
  bool keeps_container() const;
  /// As wanted, but for the restart policy that was taken away from it while it was kept.
  bool only_restart_policy() const;
  /// As wanted, but for a namespace that it has to join anew: a restart does.
  bool only_joins_anew() const { return stale_lender && differences.size() == 1; }
};

/// Exited 0 where that is its end: a job; or `restart: no` and `on-failure` where it neither
/// publishes ports nor has a health check (ENGINE 20: of a server, an end is never what is wanted).
bool has_finished(const Container& wanted, const Seen& seen);

/// Who has which role for the container that `place` is of; nothing is compared.
void find_containers(const Look& look, Place& place);

/// Images by reference whose name will soon stand for another image: its ID, empty for one that is
/// yet to be made.
using ChangingImages = std::map<std::string, std::string>;

/// What will be another by the time that the containers are started.
struct Changing {
  ChangingImages images;
  std::set<std::string> networks;  ///< by name: to be made anew
};

/// All services of the model. A service whose namespace or volumes another lends is replaced when
/// that one is, and all that are on a network that is made anew.
std::vector<Place> place_all(const CompiledModel& model, const Look& look,
                             const Changing& changing);

/// What a Work was planned on: the containers, by role. Not whether they run.
std::string identity(const Place& place, const Context& context);

/// Names of the services whose containers `container` refers to by id.
std::set<std::string> lenders(const Container& container);
/// Of these, those that lend a namespace: it ends when their container does.
std::set<std::string> namespace_lenders(const Container& container);

}  // namespace reconciler::docker
