// `schema`: the JSON Schema of manifests and host files, for editors.
#include <iostream>

#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/manifest/schema.hpp"

namespace reconciler::cli {

void add_schema(CLI::App& app, Context&, Verb& chosen) {
  auto host = std::make_shared<bool>(false);
  auto* verb =
      app.add_subcommand("schema", "Print the JSON Schema of reconciler.yaml, for editors.");
  verb->add_flag("--host", *host, "That of the host file");
  verb->footer(
      "Examples:\n  reconciler schema > manifests/schema.json\n  reconciler schema --host");
  performs(*verb, chosen, [host](std::stop_token) {
    std::cout << schema_text(*host ? host_schema() : manifest_schema());
    return int{well};
  });
}

}  // namespace reconciler::cli
