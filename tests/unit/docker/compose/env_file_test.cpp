// Env files, ours beside Compose's own reading of them, for each path in RECONCILER_TEST_COMPOSE.
#include "reconciler/manifest/env_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"
#include "tests/unit/manifest/env_file_cases.hpp"

namespace reconciler::docker {
namespace {

/// The last of each name, as JSON.
std::string ours(const std::string& text) {
  const auto nothing = [](const std::string&) -> std::optional<std::string> {
    return std::nullopt;
  };
  const auto entries = parse_env_file(".env", text, nothing);
  if (!entries) return "error";
  std::map<std::string, std::string> last;
  for (const auto& entry : *entries) last[entry.name] = entry.value.reveal();
  JsonObject out;
  for (const auto& [name, value] : last) out[name] = value;
  return canonical(out);
}

std::vector<std::string> split_at(std::string text, const std::string& mark) {
  std::vector<std::string> parts;
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
    parts.push_back(text.substr(0, at));
    text.erase(0, at + mark.size());
  }
  parts.push_back(std::move(text));
  return parts;
}

class EnvFileAsComposeReadsIt : public testing::Test {
 protected:
  EnvFileAsComposeReadsIt() {
    (void)make_folders(folder_);
    std::ofstream(folder_ + "/compose.yaml") << "services: {a: {image: x, env_file: [env]}}\n";
  }
  ~EnvFileAsComposeReadsIt() override { (void)remove_tree(folder_); }

  std::string composes(const std::string& plugin, const std::string& text) {
    std::ofstream(folder_ + "/env") << text;
    Command command;
    command.argv = {plugin, "-p", "p", "config", "--format", "json"};
    command.directory = folder_;
    const auto done = run_process(command);
    if (!done) return render(done.error());
    const auto model = parse_json(done->out);
    if (done->exit_code != 0 || !model) return "error";
    JsonObject out;
    const Json& service = member_or_null(member_or_null(*model, "services"), "a");
    const Json& environment = member_or_null(service, "environment");
    if (environment.is_object())
      for (const auto& [name, value] : environment.get_object()) {
        // A model that is printed is one that could be read again.
        const auto parts = split_at(std::string(value.get_string()), "$$");
        out[name] = join(parts, "$");
      }
    return canonical(out);
  }

  const std::string folder_ = "/tmp/reconciler-env-file-" + to_hex(random_bytes(8));
};

TEST_F(EnvFileAsComposeReadsIt, EachOfTheTable) {
  const char* given = std::getenv("RECONCILER_TEST_COMPOSE");
  if (!given || !*given) GTEST_SKIP() << "RECONCILER_TEST_COMPOSE names no docker-compose";
  static_assert(std::size(env_file_cases) >= 40);
  for (const auto& plugin : split(given, ':'))
    for (const auto& one : env_file_cases)
      EXPECT_EQ(ours(one.text), composes(plugin, one.text)) << plugin << ": " << one.text;
}

}  // namespace
}  // namespace reconciler::docker
