#include "plugins/docker/discover/provider.hpp"

#include <unistd.h>

#include <regex>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t largest_doppler_file = size_t{64} << 10U;
constexpr Duration doppler_time = std::chrono::seconds(20);

/// Where the program lies; empty where it is not installed.
std::string path_of(const std::string& name, const std::string& search) {
  for (const auto& folder : split(search, ':'))
    if (const auto path = folder + "/" + name;
        folder.starts_with('/') && ::access(path.c_str(), X_OK) == 0)
      return path;
  return "";
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back() ||
      (text.front() != '"' && text.front() != '\''))
    return std::string(text);
  return std::string(text.substr(1, text.size() - 2));
}

}  // namespace

std::optional<FoundProvider> find_provider(const std::string& folder) {
  static const std::regex project(R"(\bproject:\s*["']?([\w.-]+))");
  static const std::regex config(R"(\bconfig:\s*["']?([\w.-]+))");
  const auto text = read_file(folder + "/doppler.yaml", largest_doppler_file);
  std::smatch of;
  std::smatch which;
  if (!text || !std::regex_search(*text, of, project) || !std::regex_search(*text, which, config))
    return std::nullopt;
  return FoundProvider{"doppler",
                       of[1].str() + "/" + which[1].str(),
                       "doppler.yaml",
                       {"doppler", "secrets", "download", "--no-file", "--format", "env",
                        "--project", of[1], "--config", which[1]},
                       "DOPPLER_TOKEN",
                       false};
}

std::map<std::string, std::string> ask_provider(
    FoundProvider& provider, const std::map<std::string, std::string>& environment,
    std::stop_token stop) {
  static const std::regex entry(R"(^([A-Za-z_]\w*)=(.*)$)");
  std::map<std::string, std::string> values;
  const auto search = environment.find("PATH");
  Command command;
  command.argv = provider.command;
  command.argv[0] = path_of(provider.name, search == environment.end() ? "" : search->second);
  if (command.argv[0].empty()) return values;
  command.environment = environment;
  command.timeout = doppler_time;
  const auto done = run_process(command, std::move(stop));
  if (!done || done->exit_code != 0) return values;
  for (const auto& line : split(done->out, '\n')) {
    std::smatch match;
    if (std::regex_match(line, match, entry)) values[match[1]] = unquoted(match[2].str());
  }
  provider.answers = !values.empty();
  return values;
}

}  // namespace reconciler::docker
