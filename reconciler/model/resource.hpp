// What drivers say is there: resources, how they differ from what is wanted, and what could be
// done.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/base/json.hpp"

namespace reconciler {

/// When in a plan something happens; plans are ordered by this.
enum class Phase {
  supply,
  preflight,
  start,
  backup,
  release,
  change,
  after,
  verify,
  record,
  prune
};
/// `supply`, ...; `change` is `switch` to people and in JSON.
std::string_view to_text(Phase phase);

/// converge: may be done again from a fresh look. once: needs evidence of what became of it.
enum class Effect { converge, once };
/// What a remedy is for: let it run as it is; make it as desired; take it away.
enum class Aim { run, match, remove };
enum class Health { none, starting, well, unwell, unknown };
std::string_view to_text(Health health);

/// `compose / service / backend`
struct ResourceId {
  std::string driver;
  std::string kind;
  std::string name;
  std::string text() const { return driver + "/" + kind + "/" + name; }
  auto operator<=>(const ResourceId&) const = default;
};

/// One field that differs, in a person's words. Secret values are already gone: then before and
/// after are empty and the field alone says it.
struct Difference {
  std::string field;
  std::string before;
  std::string after;
  bool operator==(const Difference&) const = default;
};

/// Something that a driver can do.
struct Work {
  Phase phase = Phase::change;
  std::string verb;                 ///< the word that people see: build, start, switch, ...
  std::vector<ResourceId> targets;  ///< one, or those that can only change together
  std::vector<ResourceId> anew;     ///< of these, the ones that something else takes the place of
  Effect effect = Effect::converge;
  Json input;           ///< under the driver's schema; secrets by name, never by value
  std::string expects;  ///< observed fingerprint it was planned on; perform refuses another
  std::vector<ResourceId> needs;   ///< what must be done or well before it
  std::vector<std::string> calls;  ///< every changing call it may make, in order
};

/// One thing of the host as a driver sees it.
struct Resource {
  ResourceId id;
  std::string desired;                  ///< fingerprint; empty: should not exist
  std::string observed;                 ///< fingerprint; empty: does not exist
  std::vector<Difference> differences;  ///< never empty when the fingerprints differ
  std::string state;                    ///< a word or two for people: `running`, `exited 137`
  std::string summary;                  ///< for `status`: image, uptime
  Health health = Health::unknown;      ///< never part of a fingerprint
  bool ours = false;      ///< made or taken over by us: all that Aim::remove may touch
  bool artifact = false;  ///< what a tag became: retention counts it, environments may share it
  bool supply = false;    ///< others are made of it, and it holds nothing of the environment's
  std::string inputs;     ///< of an artifact: digest of what it is made from; empty: it is pulled
  std::string version;    ///< the tag that it shows to be of; empty where it shows none
  std::string reason;     ///< why it is as it is, for the plan: `not on the host`
  std::map<Aim, std::vector<Work>> remedies;  ///< each a list of works, every one in its own phase
};

struct Observation {
  std::vector<Resource> resources;
  std::vector<std::string> notices;  ///< for the plan's header: orphans, what stays
};

}  // namespace reconciler
