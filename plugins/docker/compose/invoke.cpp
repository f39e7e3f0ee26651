#include "plugins/docker/compose/invoke.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <sstream>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration longest_run{std::chrono::minutes(1)};
constexpr size_t most_memory = size_t{4}
                               << 30U;  // Go reserves address space freely: far above its use

Error rename_error(Error e) {
  if (e.code == "process.not_found")
    e = error("compose.missing", "Docker Compose is gone: " + e.message);
  else if (e.code.starts_with("process."))
    e.code = "compose." + e.code.substr(std::strlen("process."));
  return e;
}

}  // namespace

Result<Scratch> Scratch::make() {
  char name[] = "/tmp/reconciler-XXXXXX";
  if (!::mkdtemp(name))
    return failure(error("file.unwritable",
                         fmt::format("cannot make a folder in /tmp: {}", std::strerror(errno))));
  Scratch scratch{std::string(name)};
  if (::mkdir(scratch.empty().c_str(), 0500) != 0)
    return failure(error("file.unwritable",
                         fmt::format("cannot make {}: {}", scratch.empty(), std::strerror(errno))));
  return scratch;
}

Scratch::~Scratch() {
  if (!path_.empty()) (void)remove_tree(path_);
}

Result<Finished> run_compose(const ComposeRun& run, const Scratch& scratch, Duration timeout,
                             std::stop_token stop) {
  Command command;
  command.argv = {run.plugin,  "--ansi", "never",     "--env-file",
                  "/dev/null", "-p",     run.project, "--project-directory",
                  run.tree};
  for (const auto& profile : run.profiles) {
    command.argv.emplace_back("--profile");
    command.argv.push_back(profile);
  }
  if (run.files.empty()) command.argv.insert(command.argv.end(), {"-f", "-"});
  for (const auto& file : run.files) {
    command.argv.emplace_back("-f");
    command.argv.push_back(file);
  }
  command.argv.insert(command.argv.end(), run.arguments.begin(), run.arguments.end());
  command.environment = run.variables;
  // HOME may be a variable of the stack; all else that steers Compose is ours.
  command.environment.try_emplace("HOME", scratch.empty());
  command.environment["PATH"] = scratch.empty();
  command.environment["DOCKER_CONFIG"] = scratch.empty();
  command.environment["DOCKER_HOST"] =
      "unix://" + (run.socket.empty() ? scratch.path() + "/nobody" : run.socket);
  command.directory = scratch.empty();
  command.input = run.input;
  command.timeout = std::min(timeout, longest_run);
  command.most_memory = most_memory;
  auto finished = run_process(command, std::move(stop));
  if (!finished) return failure(rename_error(std::move(finished.error())));
  // One that dies for want of memory has not judged the files.
  if (finished->exit_code != 0 && trim(finished->err).empty() && trim(finished->out).empty())
    return failure(error("compose.ended", fmt::format("Compose ended with exit code {} and said "
                                                      "nothing",
                                                      finished->exit_code))
                       .next("see whether the host has memory left: free -m; journalctl -k")
                       .passing());
  return finished;
}

std::string words_of(const std::string& err) {
  static const std::regex progress(R"(^ *(Network|Volume|Container) .* +[A-Z][a-z]+ *$)");
  std::istringstream in(err);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const std::string words(trim(line));
    if (words.empty() || line.find("level=warning") != std::string::npos ||
        std::regex_match(words, progress))
      continue;
    out += (out.empty() ? "" : "; ") + words;
  }
  return out.empty() ? "it says nothing" : out;
}

}  // namespace reconciler::docker
