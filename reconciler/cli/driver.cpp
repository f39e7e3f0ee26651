// `driver`: what drivers there are, and serving one over standard input and output.
#include <fmt/format.h>

#include <iostream>

#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/commands.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/driver/serve.hpp"

namespace reconciler::cli {
namespace {

int list_drivers(Context& context) {
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  for (const auto& d : parts->drivers.describe())
    std::cout << fmt::format("{:<8} {}\n", d.name, join(d.verbs, ", "));
  return well;
}

int serve_one(Context& context, const std::string& name) {
  auto parts = context.parts(name);
  if (!parts) return report(context, parts.error());
  Driver* driver = parts->drivers.find(name);
  if (!driver)
    return report(context, error("driver.unknown", fmt::format("there is no driver \"{}\"", name))
                               .next("reconciler driver list"));
  return serve(*driver, context.clock());
}

}  // namespace

void add_driver(CLI::App& app, Context& context, Verb& chosen) {
  auto* verb =
      app.add_subcommand("driver", "What drivers there are; serve one to another process.");
  verb->require_subcommand(1);
  auto failpoints = std::make_shared<bool>(false);
  verb->footer("Examples:\n  reconciler driver list\n  reconciler driver serve files");
  auto* listing = verb->add_subcommand("list", "Every driver and what it does.");
  listing->footer("Examples:\n  reconciler driver list\n  reconciler driver list --failpoints");
  listing->add_flag("--failpoints", *failpoints,
                    "The places where a test may kill, fail or delay the program");
  listing->callback([&context, &chosen, failpoints] {
    chosen = [&context, failpoints](std::stop_token) {
      if (!*failpoints) return list_drivers(context);
      for (const auto& name : failpoint_names()) std::cout << name << "\n";
      return int{well};
    };
  });
  auto name = std::make_shared<std::string>();
  auto* serving = verb->add_subcommand(
      "serve", "Speak a driver's calls as JSON-RPC on standard input and output.");
  serving->footer("Examples:\n  reconciler driver serve files\n  reconciler driver serve compose");
  serving->add_option("name", *name, "The driver")->required();
  serving->callback([&context, &chosen, name] {
    chosen = [&context, name](std::stop_token) { return serve_one(context, *name); };
  });
}

}  // namespace reconciler::cli
