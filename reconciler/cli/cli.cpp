#include "reconciler/cli/cli.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "reconciler/cli/ascii_output.hpp"
#include "reconciler/cli/commands.hpp"
#include "reconciler/cli/complete.hpp"
#include "reconciler/cli/compose.hpp"
#include "reconciler/cli/error_text.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/manual.hpp"
#include "reconciler/cli/refusal.hpp"
#include "reconciler/cli/seeing.hpp"
#include "reconciler/cli/signals.hpp"
#include "reconciler/cli/terminal.hpp"

namespace reconciler::cli {
namespace {

/// `.`, `../deploy` and `/srv/deploy/`; not `https://...` and not `git@HOST:PATH`.
bool is_path(const std::string& repository) {
  const auto colon = repository.find(':');
  return !repository.empty() && (colon == std::string::npos || repository.find('/') < colon);
}

/// However it is written, one folder has one name.
std::string absolute(const std::string& path) {
  std::error_code unknown;
  const auto whole = std::filesystem::current_path(unknown) / path;
  // Behind a symbolic link `..` is not what stands before it.
  std::string text =
      (path.find("..") == std::string::npos ? whole.lexically_normal()
                                            : std::filesystem::weakly_canonical(whole, unknown))
          .string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

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
  app.add_option("--color", options.color,
                 "Colour of the signs: auto is on a terminal, unless NO_COLOR is set")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

/// What is to be typed where the place that failed knew nothing better.
std::string usual_next(const Error& e, const std::string& state) {
  const auto says = [&](std::string_view text) { return e.message.find(text) != text.npos; };
  if (says("Read-only file system"))
    return fmt::format("mount it to be written, or name another folder than {} with --state-dir",
                       state);
  if (says("Permission denied")) return "run it as root, or as who owns that";
  return "reconciler doctor";
}

}  // namespace

int report(const Context& context, const Error& given) {
  Error e = given;
  if (e.hint.empty() && e.place.file.empty()) e.hint = usual_next(e, context.options().state);
  if (context.options().json)
    std::cerr << boost::json::serialize(to_json(e)) << "\n";
  else if (const Page page = page_of(STDERR_FILENO, Colour::never); page.terminal)
    std::cerr << render(e, page);
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
  app.set_version_flag("--version", "reconciler " + version);
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
    const std::vector<std::string> words(argv + 1, argv + argc);
    options.json |= std::ranges::find(words, "--json") != words.end();
    return report(context, refusal(app, e, words));
  }
  if (options.state.empty())
    return report(context,
                  error("usage", "--state-dir is empty").next("name a folder: --state-dir FOLDER"));
  options.state = absolute(options.state);
  if (is_path(options.repo)) options.repo = absolute(options.repo);
  std::optional<AsciiOutput> plainly;
  if (!options.json && !context.page().utf8) plainly.emplace();
  Signals signals(context.on_screen());
  const int status = chosen(signals.token());
  return signals.status(status);
}

}  // namespace reconciler::cli
