#include "reconciler/cli/context.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/cli/state_folder.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/manifest/host_file.hpp"

namespace reconciler::cli {
namespace {

constexpr const char* usual_host_file = "/etc/reconciler/host.yaml";

}  // namespace

Page Context::page() const {
  Page page = page_of(STDOUT_FILENO, colour_named(options_.color));
  if (options_.json) page.terminal = false;
  return page;
}

std::string Context::host_file() const {
  return options_.host_file.empty() ? usual_host_file : options_.host_file;
}

Result<const Host*> Context::host() {
  if (host_) return host_.get();
  const bool named = !options_.host_file.empty();
  const std::string path = host_file();
  auto host = std::make_unique<Host>();
  if (named && !exists(path))
    return failure(error("file.not_found", fmt::format("there is no host file {}", path))
                       .next(fmt::format("name one with --host-file; without it {} is read, where "
                                         "it is",
                                         usual_host_file)));
  if (exists(path)) {
    auto read = read_host_file(path);
    if (!read) return failed(read);
    *host = std::move(*read);
  }
  if (!options_.repo.empty()) {
    Repository only;
    only.name = "config";
    only.url = options_.repo;
    host->repositories = {only};
  }
  if (host->data.empty()) host->data = options_.state + "/data";
  host_ = std::move(host);
  return host_.get();
}

Result<Ledger*> Context::ledger() {
  if (ledger_) return ledger_.get();
  if (auto usable = check_state_folder(options_.state); !usable) return failed(usable);
  auto opened = Ledger::open(options_.state, clock_);
  if (!opened) return failed(opened);
  ledger_ = std::move(*opened);
  return ledger_.get();
}

Result<Parts> Context::parts(const std::string& only) {
  auto known = host();
  if (!known) return failed(known);
  auto opened = ledger();
  if (!opened) return failed(opened);
  if (!drivers_) {
    auto made = make_drivers_({clock_, helper_, (*opened)->key(), options_.state}, only);
    if (!made) return failed(made);
    drivers_ = std::move(*made);
  }
  if (!providers_)
    providers_ = std::make_unique<Providers>(**known, (*opened)->key(), (*opened)->lineage(),
                                             options_.state, clock_);
  return Parts{**opened, *drivers_, helper_, clock_, **known, options_.state, *providers_};
}

Result<std::unique_ptr<Drivers>> Context::more_drivers() {
  return make_drivers_({clock_, helper_, ledger_->key(), options_.state}, "");
}

Result<std::unique_ptr<Drivers>> Context::drivers_to_check() {
  const InstallationKey none;
  return make_drivers_({clock_, helper_, none, options_.state}, "");
}

std::string who() {
  if (const char* sudo = std::getenv("SUDO_USER"); sudo && *sudo) return sudo;
  const passwd* user = ::getpwuid(::getuid());
  return user ? user->pw_name : std::to_string(::getuid());
}

}  // namespace reconciler::cli
