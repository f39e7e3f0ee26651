// Asks the host file's providers for variables: a program, a file, or names of the reconciler's own
// environment.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/base/sealed.hpp"
#include "reconciler/base/secret.hpp"
#include "reconciler/model/host.hpp"
#include "reconciler/model/names.hpp"

namespace reconciler {

/// What a provider said: an env file's text.
struct Answer {
  Secret text;
  WallTime at{};
  /// Why it is not what the provider says now: it does not answer, and this was kept sealed.
  std::optional<Error> instead_of{};
  std::optional<Error> not_kept{};  ///< why it will not serve when the provider is away
};

struct Question {
  EnvironmentId id;
  std::string provider;   ///< its name in the host file
  std::string file{};     ///< what it is to read, absolute; may be empty
  std::string content{};  ///< digest of what stands there: of the same file it says the same
  /// How old the answer may be; none: as old as the host file's `refresh` says.
  std::optional<Duration> within{};
};

/// One for a process, for all its environments and threads. Keeps answers in memory for as long as
/// `refresh` says, and the last one sealed in the state folder for as long as `keep_last` says.
class Providers {
 public:
  /// `key` belongs to the installation `lineage`. `host` and `clock` outlive it.
  Providers(const Host& host, InstallationKey key, std::string lineage, std::string state,
            Clock& clock)
      : host_(host),
        key_(std::move(key)),
        lineage_(std::move(lineage)),
        state_(std::move(state)),
        clock_(clock) {}

  /// `variables.no_provider` where the host file has none of that name; `variables.provider` (it
  /// may pass) where it does not answer, says no, or says too much: never with a value in it.
  Result<Answer> ask(const Question& question, std::stop_token stop);

  /// Nothing that was said for that environment is kept any more.
  Status forget(const EnvironmentId& id);

 private:
  /// The last answer of one provider for one environment and file.
  struct Last {
    EnvironmentId id;
    std::mutex asking;  ///< one asks, the others wait for what it gets
    std::optional<Secret> text;
    Instant at{};
    WallTime at_wall{};
    std::optional<Error> failed;
    Instant failed_at{};
  };

  std::shared_ptr<Last> last_of(const Question& question);
  Result<Answer> ask(const Provider& provider, const Question& question, Last& last,
                     std::stop_token stop);
  Result<Answer> kept(const Provider& provider, const Question& question, Error why) const;
  Status keep(const Question& question, const Secret& text, WallTime at) const;
  std::string folder_of(const EnvironmentId& id) const;
  std::string place_of(const Question& question) const;
  std::string purpose_of(const Question& question) const;

  const Host& host_;
  const InstallationKey key_;
  const std::string lineage_;
  const std::string state_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Last>> all_;
};

}  // namespace reconciler
