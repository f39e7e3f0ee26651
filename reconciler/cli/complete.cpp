// `complete`: what shells ask when somebody presses Tab.
#include "reconciler/cli/complete.hpp"

#include <fcntl.h>

#include <iostream>
#include <set>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/cli/described.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/git/mirror.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/manifest/served.hpp"

namespace reconciler::cli {
namespace {

/// What the config repositories said when they were last fetched; what cannot be read is left out.
Manifests last_fetched(Context& context) {
  const auto host = context.host();
  if (!host) return {};
  std::vector<Manifests> read;
  for (const auto& repository : (*host)->repositories) {
    const Mirror mirror(context.options().state, repository, MirrorOf::config, context.helper(),
                        context.clock());
    const auto snapshot = mirror.last();
    if (!snapshot) continue;
    if (auto manifests = read_manifests(snapshot->folder, root_name_of(repository)))
      read.push_back(std::move(*manifests));
  }
  return served(std::move(read), **host);
}

std::vector<std::string> environments(Context& context) {
  const Manifests all = last_fetched(context);
  std::set<std::string> names;
  for (const auto& spec : all.environments) names.insert(spec.id.text());
  // A mistake in its manifest is no reason not to know its name.
  for (const auto& broken : all.broken)
    if (!broken.application.empty() && !broken.environment.empty())
      names.insert(broken.application + "/" + broken.environment);
  return {names.begin(), names.end()};
}

/// Where Compose itself looks when no file is named.
const std::vector<std::string> usual_files = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                              "docker-compose.yaml"};

/// The compose files that the manifest names, or the first usual one.
std::vector<std::string> compose_files(const EnvironmentSpec& spec, const std::string& folder) {
  std::vector<std::string> files;
  if (const auto* compose = member(spec.sections, "compose"))
    if (const auto* named = member(*compose, "files"); named && named->is_array())
      for (const auto& file : named->get_array())
        if (file.is_string()) files.emplace_back(file.get_string());
  if (!files.empty()) return files;
  for (const auto& usual : usual_files)
    if (exists(folder + "/" + usual)) return {usual};
  return {};
}

/// A name that Compose takes, and no shell takes for anything else.
bool is_plain(const std::string& name) {
  return !name.empty() && name.size() < 200 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string::npos;
}

/// The services that the compose files of exported trees write out: what `include` and `extends`
/// add is not looked for, no Compose is asked.
std::vector<std::string> services(Context& context, const std::string& environment) {
  const auto chosen = select_environments(last_fetched(context), {environment});
  if (!chosen || chosen->empty()) return {};
  const EnvironmentSpec& spec = chosen->front();
  const std::string trees =
      context.options().state + "/trees/" + spec.id.application + "/" + spec.id.environment;
  const auto commits = list_folder(trees);
  std::set<std::string> names;
  for (const auto& commit : commits ? *commits : std::vector<std::string>{}) {
    const std::string tree = trees + "/" + commit;
    if (!is_folder(tree)) continue;
    for (const auto& file : compose_files(spec, tree)) {
      if (!open_beneath(tree, file, O_PATH)) continue;
      const auto document = read_document(tree + "/" + file, file);
      const auto* written = document ? document->find("services") : nullptr;
      if (!written) continue;
      for (const auto& service : written->members)
        if (is_plain(service.key)) names.insert(service.key);
    }
  }
  return {names.begin(), names.end()};
}

/// `--state-dir` and the others that all verbs take, as the unfinished command line has them.
void take_common(CLI::App& app, const std::map<std::string, std::string>& given) {
  std::vector<std::string> reversed{"version"};
  for (const auto& [name, value] : given)
    if (const auto* option = app.get_option_no_throw(name); option && takes_value(*option))
      reversed.push_back(name + "=" + value);
  app.parse(reversed);
}

}  // namespace

int complete(CLI::App& app, const std::vector<std::string>& words, Context& context) {
  try {
    const CommandLine line(app, words);
    take_common(app, line.given());
    const auto found = line.complete(
        {[&] { return environments(context); },
         [&](const std::string& environment) { return services(context, environment); }});
    for (const auto& one : found.suggestions)
      std::cout << one.text << (one.what.empty() ? "" : "\t") << one.what << "\n";
    if (found.files == Completion::Files::files) std::cout << ":files\n";
    if (found.files == Completion::Files::folders) std::cout << ":folders\n";
  } catch (const CLI::ParseError&) {  // NOLINT(bugprone-empty-catch): a value that cannot be
  }
  return well;
}

}  // namespace reconciler::cli
