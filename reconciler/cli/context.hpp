// What every command needs: the options that all of them take, and the parts, made when first asked
// for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/helper.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/cli/signals.hpp"
#include "reconciler/driver/discover.hpp"
#include "reconciler/driver/registry.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "reconciler/model/host.hpp"
#include "reconciler/plan/render.hpp"
#include "reconciler/reconcile.hpp"

namespace reconciler::cli {

/// `--repo`, `--host-file`, `--state-dir`, with their RECONCILER_ twins; `--json`, `--color`.
struct Options {
  std::string repo;
  std::string host_file;
  std::string state = "/var/lib/reconciler";
  bool json = false;
  std::string color = "auto";
};

/// What a plugin may be built from.
struct PluginParts {
  Clock& clock;
  Helper& helper;
  const InstallationKey& key;
  std::string state;
};
/// All drivers, or with a name that one alone: files are served where there is no Docker.
using MakeDrivers =
    std::function<Result<std::unique_ptr<Drivers>>(const PluginParts&, const std::string& only)>;

/// Owns the parts of one command. Not thread-safe.
class Context {
 public:
  Context(Options& options, MakeDrivers make_drivers, Discover discover)
      : options_(options), make_drivers_(std::move(make_drivers)), discover_(std::move(discover)) {}

  const Options& options() const { return options_; }
  /// What standard output goes to, as it is now: a terminal may be resized. Under `--json` nothing
  /// is written over.
  Page page() const;
  /// Where whoever shows something that lasts hears of signals.
  OnScreen& on_screen() { return on_screen_; }
  Clock& clock() { return clock_; }
  Helper& helper() { return helper_; }
  /// What a plugin finds out of a folder; needs neither manifest nor state.
  Result<Discovered> discover(const DiscoverRequest& request, std::stop_token stop) const {
    return discover_(request, std::move(stop));
  }
  /// Where the host file lies, or would.
  std::string host_file() const;
  /// The host file, or the defaults; `--repo` takes the place of its repositories.
  Result<const Host*> host();
  Result<Ledger*> ledger();
  /// Everything; opens the ledger and makes the drivers (`only`: that one alone).
  Result<Parts> parts(const std::string& only = "");
  /// Drivers that are asked to check() and nothing else: no ledger is opened, none is made.
  Result<std::unique_ptr<Drivers>> drivers_to_check();
  /// Drivers of their own for another thread; after parts().
  Result<std::unique_ptr<Drivers>> more_drivers();

 private:
  Options& options_;
  MakeDrivers make_drivers_;
  Discover discover_;
  OnScreen on_screen_;
  SystemClock clock_;
  HelperProcess helper_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Drivers> drivers_;
  std::unique_ptr<Providers> providers_;
};

/// The user who started it, for the history.
std::string who();

}  // namespace reconciler::cli
