// The seam between the core and the world. A driver observes some kinds of things and performs some
// kinds of work. Drivers propose remedies; the planner selects, orders, gates and protects.
//
// One driver object serves all environments, one call at a time unless `perform` of Phase::supply,
// which may run on several threads at once. A driver in another process (remote.hpp) sees the same
// calls as JSON-RPC, and tests/conformance holds both to one suite.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/plan.hpp"
#include "reconciler/model/resource.hpp"
#include "reconciler/model/sealed_record.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

/// What a driver can do.
struct Description {
  std::string name;                   ///< ResourceId::driver of all it reports
  std::vector<std::string> kinds;     ///< of resources
  std::vector<std::string> sections;  ///< of the manifest that it reads
  std::vector<std::string> steps;     ///< kinds of steps: run, exec, http, ...
  std::vector<std::string> verbs;     ///< of work it performs
};

/// The application's files, exported at one commit, read-only. For the driver to read alone.
struct TreeRef {
  std::string path;     ///< absolute; the application's folder inside it is `root`
  std::string commit;   ///< empty where there is no source
  std::string index;    ///< JSON file: every path of the tree with git's mode and object id
  std::string objects;  ///< folder for objects/OID
};

/// What `prepare` gets: one environment, read and placed.
struct Request {
  EnvironmentId id;
  std::string tag;
  std::string lineage;
  Json sections;  ///< EnvironmentSpec::sections; errors point into it (`#/release/0/run`)
  TreeRef tree;
  Json host;  ///< {build_cache: bytes|absent, rebuild: true|absent, data, files: {place: real},
              ///< policy: {..}, state, state_files}
};

/// What a driver made of its sections.
struct Prepared {
  Json wanted;  ///< the driver's own: handed back to observe; holds no secret
  std::vector<Step> steps;
  std::set<ResourceId> required;
  Duration patience{0};  ///< how long its things may take to become well
  std::string digest;    ///< of what is wanted, secrets by keyed digest
};

/// A version that was recorded, as its driver prepared it then.
struct Recorded {
  EnvironmentId id;
  std::string lineage;
  std::string tag;
  Json wanted;              ///< Prepared::wanted
  std::vector<Step> steps;  ///< those of this driver that a way back may run
  SealedRecords records;    ///< what its snapshot gave
  bool complete = false;    ///< asked: is all here that it takes to make it again?
};

/// Where perform tells how it goes: a line of output of a task, a word about what it waits for.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void line(std::string_view text) = 0;
  /// Work of which half is worse than nothing (once-only work, a restore) says this right before it
  /// takes effect: durable when it returns. If nothing of once-only work is found later, it was
  /// begun and its trace removed, and nobody can know how it ended.
  virtual Status begun() { return {}; }
};

/// What `doctor` prints.
struct Finding {
  bool well = true;
  std::string what;
  std::string mend;
};

/// Something happened to what a driver looks at: a reason to look, never what was seen.
struct Heard {
  std::optional<EnvironmentId> of;  ///< none: it may have happened to anything
  /// Something was started beside what is to run: not even a check under way is waited for.
  bool beside = false;
};

class Driver {
 public:
  virtual ~Driver() = default;
  virtual Description describe() const = 0;
  /// Sections to wanted, steps, required; all mistakes at once, each with a pointer as its file.
  virtual Result<Prepared> prepare(const Request& request, const Variables& variables,
                                   Deadline deadline) = 0;
  /// Looks, changes nothing.
  virtual Result<Observation> observe(const EnvironmentId& id, const Json& wanted,
                                      const Memory& memory, const Variables& variables,
                                      Deadline deadline) = 0;
  /// One attempt, once. An Error says that it could not be tried or carried through (what is there
  /// then is for the next look to tell); Outcome::fate says what became of work that ended.
  virtual Result<Outcome> perform(const Attempt& attempt, const Variables& variables,
                                  Progress& progress, std::stop_token stop) = 0;
  /// What became of an attempt at Effect::once work, from the world alone; waits for one that runs.
  virtual Result<Outcome> recover(const Attempt& attempt, const Variables& variables,
                                  Progress& progress, std::stop_token stop) = 0;
  /// What it takes to make again, exactly, what is there now: asked right before a version is
  /// recorded. Looks, changes nothing. Ids are the driver's own; each box is sealed by it so that
  /// it opens for this environment, version and id alone. What is not as wanted has none.
  virtual Result<SealedRecords> snapshot(const EnvironmentId& /*id*/, const Json& /*wanted*/,
                                         Deadline /*deadline*/) {
    return SealedRecords{};
  }
  /// Makes a recorded version wanted again, from its records alone: its repository, its variables
  /// and whatever compiled it may be gone. Observe, perform and snapshot take what it returns.
  /// Looks, changes nothing; where `complete` is asked, an error says what is not here any more.
  virtual Result<Prepared> restore(const Recorded& recorded, Deadline /*deadline*/) {
    Prepared prepared;
    prepared.wanted = recorded.wanted;
    prepared.steps = recorded.steps;
    return prepared;
  }
  /// Everything that is on the host of an environment that nobody asks for any more and may go,
  /// each thing with Aim::remove, ours by `lineages`; what stays, volumes above all, is in the
  /// notices. `wanted` is that of the last recorded version; null where it is not known. Changes
  /// nothing.
  virtual Result<Observation> left_behind(const EnvironmentId& /*id*/, const Json& /*wanted*/,
                                          const std::set<std::string>& /*lineages*/,
                                          Deadline /*deadline*/) {
    return Observation{};
  }
  virtual std::vector<Finding> check(Deadline deadline) = 0;
  /// Tells what happens until `stop`, on a thread of its own, beside all other calls. Each time it
  /// has begun to listen it tells of anything: what happened before that is lost. An error: it was
  /// cut off, and is to be called again. Who hears nothing returns at once.
  virtual Status watch(const std::function<void(const Heard&)>& /*heard*/,
                       std::stop_token /*stop*/) {
    return {};
  }
  /// Removes what the driver itself keeps in the state folder and nothing needs any more: `kept`
  /// are the current and the previous version of every environment, with this driver's records
  /// alone. Touches nothing that runs, so it is no row of a plan; called after a deploy.
  virtual Status tidy(const EnvironmentId& /*id*/, const std::vector<Recorded>& /*kept*/) {
    return {};
  }
};

}  // namespace reconciler
