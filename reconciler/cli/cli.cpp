#include "reconciler/cli/cli.hpp"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <iostream>
#include <thread>

#include "reconciler/cli/commands.hpp"
#include "reconciler/cli/complete.hpp"
#include "reconciler/cli/compose.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/manual.hpp"
#include "reconciler/cli/seeing.hpp"

namespace reconciler::cli {
namespace {

/// Turns SIGINT, SIGTERM and SIGHUP (a dropped connection) into a stop: the first ends at the next
/// safe point, the second at once. A reader that went away (SIGPIPE) stops nothing: what was begun
/// is not cut in half because nobody looks.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGHUP);
    sigaddset(&set_, SIGUSR2);  // ends the waiting thread
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this] { wait(); });
  }
  ~Signals() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGUSR2);
    thread_.join();
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  std::stop_token token() const { return source_.get_token(); }
  int status(int otherwise) const {
    return first_ == SIGINT ? interrupted : first_ != 0 ? terminated : otherwise;
  }

 private:
  void wait() {
    for (;;) {
      int signal = 0;
      if (sigwait(&set_, &signal) != 0 || done_) return;
      if (signal == SIGUSR2) continue;
      if (first_ != 0) std::_Exit(signal == SIGINT ? interrupted : terminated);
      first_ = signal;
      std::cerr << "stopping at the next safe point; once more ends at once\n";
      source_.request_stop();
    }
  }
  sigset_t set_{};
  std::stop_source source_;
  std::atomic<int> first_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

void add_common(CLI::App& app, Options& options) {
  app.add_option("--repo", options.repo,
                 "The config repository: a path or URL; takes the place of the host file's")
      ->type_name("FOLDER|URL")
      ->envname("RECONCILER_REPO");
  app.add_option("--host-file", options.host_file,
                 "What the owner of this machine decides (/etc/reconciler/host.yaml)")
      ->type_name("FILE")
      ->envname("RECONCILER_HOST_FILE");
  app.add_option("--state-dir", options.state, "Ledger, trees, objects")
      ->type_name("FOLDER")
      ->envname("RECONCILER_STATE_DIR")
      ->capture_default_str();
  app.add_flag("--json", options.json, "Output for programs");
}

}  // namespace

int report(const Context& context, const Error& e) {
  if (context.options().json)
    std::cerr << boost::json::serialize(to_json(e)) << "\n";
  else
    std::cerr << render(e);
  return exit_of(e);
}

void add_everything(CLI::App& app, Options& options, Context& context, const std::string& version,
                    Verb& chosen) {
  app.name("reconciler");
  app.description(
      "Keeps what runs on a Docker host equal to what a git repository says should run.");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_help_all_flag("--help-all", "Help of every verb");
  app.footer("Examples:\n  reconciler plan portfolio/production\n  reconciler apply --help");
  add_common(app, options);
  for (const AddVerb add :
       {add_init,   add_set,      add_plan,      add_apply,  add_run,      add_status, add_history,
        add_show,   add_verify,   add_variables, add_diff,   add_rollback, add_task,   add_restart,
        add_retry,  add_approve,  add_suspend,   add_resume, add_cancel,   add_settle, add_adopt,
        add_remove, add_validate, add_schema,    add_doctor, add_driver})
    add(app, context, chosen);
  app.add_subcommand("version", "Print the version.")
      ->footer("Examples:\n  reconciler version\n  reconciler --help")
      ->callback([&chosen, version] {
        chosen = [version](std::stop_token) {
          std::cout << "reconciler " << version << "\n";
          return int{well};
        };
      });
  add_manual(app, version, chosen, context);
}

int run(int argc, char** argv, const std::string& version, MakeDrivers make_drivers,
        Discover discover, Passing compose) {
  CLI::App app;
  Options options;
  Context context(options, std::move(make_drivers), std::move(discover));
  Verb chosen;
  add_everything(app, options, context, version, chosen);
  add_compose(app, context, std::move(compose), chosen);
  if (argc > 2 && std::string_view(argv[1]) == "complete" && std::string_view(argv[2]) == "--")
    return complete(app, {argv + 3, argv + argc}, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    const auto verbs = app.get_subcommands();
    std::cerr << "error usage: " << e.what() << "\n  next  reconciler "
              << (verbs.empty() ? "" : verbs.front()->get_name() + " ") << "--help\n";
    return usage;
  }
  while (options.state.size() > 1 && options.state.ends_with('/')) options.state.pop_back();
  Signals signals;
  const int status = chosen(signals.token());
  return signals.status(status);
}

}  // namespace reconciler::cli
