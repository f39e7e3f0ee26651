// One process of the program over the simulated host: what it has open from its start to its end.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/reconcile.hpp"
#include "tests/simulation/state_file.hpp"
#include "tests/simulation/versions.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {

class NoHelper final : public Helper {
 public:
  Result<Json> call(const std::string& verb, const Json&, Duration, std::stop_token) override {
    return failure(error("helper.missing", "nothing is to be asked of it: " + verb));
  }
};

/// What every process on one host finds there. It outlives them.
struct Place {
  std::string state;  ///< the state folder
  std::string vfs;    ///< what the ledger lies on; empty: the real file system
  SimClock& clock;
  const Host& machine;
  VersionsHost& host;
};

/// The drivers of a process that begins there.
using Equip = std::function<std::vector<std::unique_ptr<Driver>>(const Place&, const Ledger&)>;

/// Those of a host on which versions come and go as a whole.
inline std::vector<std::unique_ptr<Driver>> versions_drivers(const Place& place, const Ledger&) {
  std::vector<std::unique_ptr<Driver>> all;
  all.push_back(std::make_unique<VersionsDriver>(place.host));
  all.push_back(std::make_unique<StateFileDriver>(place.host));
  return all;
}

class Process {
 public:
  /// `ledger.*` where its ledger cannot be opened, or lost something.
  static Result<std::unique_ptr<Process>> begin(const Place& place, const Equip& equip) {
    auto ledger = Ledger::open(place.state, place.clock, place.vfs);
    if (!ledger) return failed(ledger);
    return std::unique_ptr<Process>(new Process(place, std::move(*ledger), equip));
  }

  Ledger& ledger() { return *ledger_; }
  Parts parts() {
    return {*ledger_, drivers_, helper_, place_.clock, place_.machine, place_.state, providers_};
  }

 private:
  Process(const Place& place, std::unique_ptr<Ledger> ledger, const Equip& equip)
      : place_(place),
        ledger_(std::move(ledger)),
        providers_(place.machine, ledger_->key(), ledger_->lineage(), place.state, place.clock) {
    for (auto& driver : equip(place, *ledger_))
      if (auto added = drivers_.add(std::move(driver)); !added)
        throw std::logic_error(render(added.error()));
  }

  const Place place_;
  std::unique_ptr<Ledger> ledger_;
  Drivers drivers_;
  NoHelper helper_;
  Providers providers_;
};

}  // namespace reconciler::simulation
