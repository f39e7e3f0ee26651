// `validate`: reads manifests and says every mistake. Needs neither Engine nor ledger.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace reconciler::cli {
namespace {

/// PATH, else the one config repository where it is a folder of this machine, else here.
Result<std::string> folder_of(Context& context, const std::string& path) {
  if (!path.empty()) {
    if (is_folder(path)) return path;
    const bool file = exists(path);
    return failure(error("manifest.no_folder", file ? fmt::format("{} is a file", path)
                                                    : fmt::format("there is no folder {}", path))
                       .next("reconciler validate FOLDER, one with manifests; without it the "
                             "config repository's are read"));
  }
  auto host = context.host();
  if (!host) return failed(host);
  if ((*host)->repositories.size() == 1 && is_folder((*host)->repositories[0].url))
    return (*host)->repositories[0].url;
  return std::string(".");
}

int validate(Context& context, const std::string& path) {
  auto folder = folder_of(context, path);
  if (!folder) return report(context, folder.error());
  auto manifests =
      read_manifests(*folder, std::filesystem::weakly_canonical(*folder).filename().string());
  if (!manifests) return report(context, manifests.error());
  const auto mistakes = manifests->mistakes();
  if (context.options().json) {
    JsonArray all;
    for (const auto& mistake : mistakes) all.push_back(to_json(mistake));
    std::cout << boost::json::serialize(
                     JsonObject{{"format_version", "1.0"}, {"mistakes", std::move(all)}})
              << "\n";
  } else if (mistakes.empty()) {
    std::cout << fmt::format(
        "{} in {}: no mistakes. Compose files, variables and tags are looked "
        "at by: reconciler plan\n",
        count(manifests->environments.size(), "environment"), count(manifests->files, "file"));
  } else {
    for (const auto& mistake : mistakes) std::cerr << render(mistake);
    std::cerr << fmt::format("\n{} in {} of {}. Nothing that runs is affected.\n",
                             count(mistakes.size(), "error"), manifests->files_wrong,
                             count(manifests->files, "file"));
  }
  return mistakes.empty() ? well : wrong;
}

}  // namespace

void add_validate(CLI::App& app, Context& context, Verb& chosen) {
  auto path = std::make_shared<std::string>();
  auto* verb = app.add_subcommand(
      "validate", "Read the manifests and name every mistake. Needs neither Docker nor state.");
  verb->add_option("path", *path,
                   "A folder with manifests; left out: the config repository, or here")
      ->type_name("FOLDER");
  verb->footer("Examples:\n  reconciler validate\n  reconciler validate ~/deploy");
  performs(*verb, chosen, [&context, path](std::stop_token) { return validate(context, *path); });
}

}  // namespace reconciler::cli
