// The program's own parser, and one small enough to assert all that is made of it.
#pragma once

#include <memory>
#include <string>

#include "reconciler/cli/commands.hpp"

namespace reconciler::cli {

/// Everything that `reconciler` takes; nothing is performed.
struct WholeParser {
  WholeParser() { add_everything(app, options, context, "1.2.3", chosen); }
  CLI::App app;
  Options options;
  Context context{options,
                  [](const PluginParts&, const std::string&) {
                    return Result<std::unique_ptr<Drivers>>(std::make_unique<Drivers>());
                  },
                  {}};
  Verb chosen;
};

/// One of each: a verb with what stands without a name, options of each kind, a hidden one.
struct SmallParser {
  SmallParser() {
    app.set_help_all_flag("--help-all", "Help of every verb");
    app.add_option("--state-dir", state, "Ledger, trees")
        ->type_name("FOLDER")
        ->envname("RECONCILER_STATE_DIR")
        ->capture_default_str();
    auto* deploy = app.add_subcommand("deploy", "Bring a version. Not by itself.");
    deploy->add_option("environment", environment, "APP/ENV")->required();
    deploy->add_option("how", how, "Fast or slow")->check(CLI::IsMember({"fast", "slow"}));
    deploy->add_option("service", services, "Only these");
    deploy->add_option("--out", out, "Where to")->type_name("FILE");
    deploy->add_flag("-y,--yes", yes, "Do not ask");
    deploy->footer(
        "0 done; 1 failed.\nExamples:\n  reconciler deploy web/stage\n  reconciler deploy "
        "web/stage "
        "fast --yes");
    app.add_subcommand("version", "Print the version.");
    app.add_subcommand("hidden", "Nobody is told.")->group("");
  }
  CLI::App app{"Keeps a host so.", "reconciler"};
  std::string state = "/var/lib/reconciler";
  std::string environment;
  std::string how;
  std::vector<std::string> services;
  std::string out;
  bool yes = false;
};

}  // namespace reconciler::cli
