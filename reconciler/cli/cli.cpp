#include "reconciler/cli/cli.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <system_error>

#include "reconciler/base/exhausted.hpp"
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

struct NamedVerb {
  std::string_view name;
  AddVerb add;
};

constexpr NamedVerb named_verbs[] = {
    {"init", add_init},           {"set", add_set},         {"plan", add_plan},
    {"apply", add_apply},         {"run", add_run},         {"status", add_status},
    {"history", add_history},     {"show", add_show},       {"verify", add_verify},
    {"variables", add_variables}, {"diff", add_diff},       {"rollback", add_rollback},
    {"task", add_task},           {"restart", add_restart}, {"backup", add_backup},
    {"restore", add_restore},     {"retry", add_retry},     {"approve", add_approve},
    {"suspend", add_suspend},     {"resume", add_resume},   {"cancel", add_cancel},
    {"settle", add_settle},       {"adopt", add_adopt},     {"remove", add_remove},
    {"validate", add_validate},   {"schema", add_schema},   {"doctor", add_doctor},
    {"driver", add_driver},
};

bool is_wanted(std::string_view name, const std::vector<std::string>& named) {
  return named.empty() || std::ranges::find(named, name) != named.end();
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
                    Verb& chosen, const std::vector<std::string>& named) {
  app.name("reconciler");
  app.description(
      "Keeps what runs on a Docker host equal to what a git repository says should run.");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_help_all_flag("--help-all", "Help of every verb");
  app.set_version_flag("--version", "reconciler " + version);
  app.footer("Examples:\n  reconciler plan portfolio/production\n  reconciler apply --help");
  add_common(app, options);
  for (const auto& [name, add] : named_verbs)
    if (is_wanted(name, named)) add(app, context, chosen);
  if (is_wanted("version", named))
    app.add_subcommand("version", "Print the version.")
        ->footer("Examples:\n  reconciler version\n  reconciler --help")
        ->callback([&chosen, version] {
          chosen = [version](std::stop_token) {
            std::cout << "reconciler " << version << "\n";
            return int{well};
          };
        });
  if (is_wanted("manual", named)) add_manual(app, version, chosen, context);
}

int run(int argc, char** argv, const std::string& version, MakeDrivers make_drivers,
        Discover discover, Passing compose) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  Options options;
  Context context(options, std::move(make_drivers), std::move(discover));
  Verb chosen;
  std::unique_ptr<CLI::App> app;
  const auto take = [&](const std::vector<std::string>& named) {
    options = Options();
    app = std::make_unique<CLI::App>();
    add_everything(*app, options, context, version, chosen, named);
    if (is_wanted("compose", named)) add_compose(*app, context, compose, chosen);
  };
  if (words.size() > 1 && words[0] == "complete" && words[1] == "--") {
    take({});
    return complete(*app, {words.begin() + 2, words.end()}, context);
  }
  try {
    // To say what all verbs take is longer than most looks: that is for who asks, or is refused.
    const bool of_all = std::ranges::find(words, "manual") != words.end();
    take(of_all ? std::vector<std::string>{} : words);
    app->parse(argc, argv);
  } catch (const CLI::ParseError&) {
    take({});
    try {
      app->parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      if (e.get_exit_code() == 0) return app->exit(e);
      options.json |= std::ranges::find(words, "--json") != words.end();
      return report(context, refusal(*app, e, words));
    }
  }
  if (options.state.empty())
    return report(context,
                  error("usage", "--state-dir is empty").next("name a folder: --state-dir FOLDER"));
  options.state = absolute(options.state);
  if (is_path(options.repo)) options.repo = absolute(options.repo);
  std::optional<AsciiOutput> plainly;
  if (!options.json && !context.page().utf8) plainly.emplace();
  try {
    Signals signals(context.on_screen());
    const int status = chosen(signals.token());
    return signals.status(status);
  } catch (const std::system_error& e) {
    return report(context, exhausted(e.what()));
  } catch (const std::bad_alloc&) {
    return report(context, exhausted("no memory"));
  }
}

}  // namespace reconciler::cli
