#include "plugins/docker/discover/reading.hpp"

#include <fmt/format.h>

#include <regex>

#include "plugins/docker/compose/invoke.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration compose_time = std::chrono::seconds(30);

class Reader {
 public:
  Reader(const ReadingOf& of, const Scratch& scratch, std::stop_token stop)
      : of_(of), scratch_(scratch), stop_(std::move(stop)) {}

  Result<Finished> run(std::vector<std::string> arguments) const {
    Command command;
    command.argv = {of_.plugin, "--ansi",    "never", "--project-directory",
                    of_.folder, "--profile", "*"};
    if (!of_.project.empty()) command.argv.insert(command.argv.end(), {"-p", of_.project});
    const auto give = [&](const char* option, const std::vector<std::string>& paths) {
      for (const auto& path : paths) command.argv.insert(command.argv.end(), {option, path});
    };
    give("--env-file",
         of_.env_files.empty() ? std::vector<std::string>{"/dev/null"} : of_.env_files);
    give("-f", of_.files);
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = of_.variables;
    command.environment["HOME"] = scratch_.empty();
    command.environment["PATH"] = scratch_.empty();
    command.environment["DOCKER_CONFIG"] = scratch_.empty();
    command.environment["DOCKER_HOST"] = "unix://" + scratch_.path() + "/nobody";
    command.directory = of_.folder;
    command.timeout = compose_time;
    return run_process(command, stop_);
  }

  Error refuses(const std::string& words) const {
    return error("compose.invalid", fmt::format("Compose refuses {}: {}", join(of_.files, ", "),
                                                printable(words, 500)))
        .next(fmt::format("docker compose -f {} config -q", join(of_.files, " -f ")));
  }

 private:
  const ReadingOf& of_;
  const Scratch& scratch_;
  std::stop_token stop_;
};

std::set<std::string> names_in(const std::string& text, const std::regex& form) {
  std::set<std::string> names;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), form); it != std::sregex_iterator();
       ++it)
    names.insert((*it)[1]);
  return names;
}

/// The first column of Compose's table, less its head.
std::set<std::string> variables_of(const std::string& table) {
  std::set<std::string> names;
  const auto lines = split(table, '\n');
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto name = lines[i].substr(0, lines[i].find_first_of(" \t"));
    if (!name.empty()) names.insert(name);
  }
  return names;
}

}  // namespace

Result<Reading> read_files(const ReadingOf& of, std::stop_token stop) {
  static const std::regex unset(R"(The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set)");
  static const std::regex required(R"(required variable ([A-Za-z_][A-Za-z0-9_]*) is missing)");
  auto scratch = Scratch::make();
  if (!scratch) return failed(scratch);
  const Reader reader(of, *scratch, std::move(stop));
  auto written = reader.run({"config", "--no-interpolate", "--format", "json"});
  if (!written) return failed(written);
  if (written->exit_code != 0) return failure(reader.refuses(words_of(written->err)));
  auto table = reader.run({"config", "--variables"});
  if (!table) return failed(table);
  Reading reading;
  reading.used = variables_of(table->out);
  ReadingOf with = of;
  // One that is required stops Compose at once: each is found in its turn, and stood in for.
  for (size_t tries = 0; tries <= reading.used.size(); ++tries) {
    auto done = Reader(with, *scratch, {}).run({"config", "--format", "json"});
    if (!done) return failed(done);
    const auto missing = names_in(done->err, required);
    if (done->exit_code != 0 && !missing.empty()) {
      for (const auto& name : missing) with.variables[name] = "x";
      reading.without.insert(missing.begin(), missing.end());
      continue;
    }
    // Its words may hold what a variable was filled in with.
    if (done->exit_code != 0)
      return failure(reader.refuses("not as they are written, but with their variables filled in"));
    reading.without.merge(names_in(done->err, unset));
    auto model = parse_json(done->out);
    auto raw = parse_json(written->out);
    if (!model || !raw) return failure(reader.refuses("what it writes is not JSON"));
    reading.model = std::move(*model);
    reading.written = std::move(*raw);
    return reading;
  }
  return failure(reader.refuses("it goes on asking for variables"));
}

}  // namespace reconciler::docker
