#include "reconciler/manifest/env_file.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/manifest/env_file_cases.hpp"

namespace reconciler {
namespace {

const Lookup nothing = [](const std::string&) -> std::optional<std::string> {
  return std::nullopt;
};

TEST(EnvFile, MeansWhatComposeMakesOfIt) {
  for (const auto& one : env_file_cases) {
    const auto entries = parse_env_file(".env", one.text, nothing);
    std::string said = entries ? "" : "error";
    if (entries) {
      std::map<std::string, std::string> last;
      for (const auto& entry : *entries) last[entry.name] = entry.value.reveal();
      for (const auto& [name, value] : last) said += name + "=" + value + ";";
    }
    EXPECT_EQ(said, one.wanted) << one.text;
  }
}

TEST(EnvFile, KnowsTheLineOfEachEntry) {
  const auto entries =
      parse_env_file(".env", "# first\n\nA=1\nB=\"two\nlines\"\nC=3 # c\n\nD\nE=5", nothing);
  ASSERT_TRUE(entries);
  std::string said;
  for (const auto& entry : *entries) said += entry.name + std::to_string(entry.line) + " ";
  EXPECT_EQ(said, "A3 B4 C6 E9 ");
}

TEST(EnvFile, SaysWhereAndNeverWhat) {
  const auto said = [](std::string_view text) {
    const auto entries = parse_env_file(".env", text, nothing);
    return entries ? "" : render(entries.error());
  };
  EXPECT_EQ(said("A=1\nB=\"hunter2\nC=3\n"),
            ".env:2:1: error variables.syntax: a quote is not closed\n"
            "      | close it\n");
  EXPECT_EQ(said("A=1\nhunter2!=3\n"),
            ".env:2:1: error variables.syntax: this line has a character that no name has\n"
            "      | write NAME=value\n");
  EXPECT_EQ(said("hunter 2=3\n"),
            ".env:1:1: error variables.syntax: a name cannot hold a space\n"
            "      | write NAME=value\n");
  EXPECT_EQ(said("=hunter2\n"),
            ".env:1:1: error variables.syntax: this line has no name\n"
            "      | write NAME=value\n");
  EXPECT_EQ(said("A=hunter2${B:?hunter3}\n"),
            ".env:1:1: error variables.required: B must be set\n");
  EXPECT_EQ(said("A=hunter2${B\n"), ".env:1:1: error variables.syntax: a ${ is not closed\n");
  std::string bomb = "A=" + std::string(1000, 'x') + "\n";
  for (char c = 'B'; c < 'Z'; ++c)
    bomb += std::string(1, c) + "=$" + std::string(1, static_cast<char>(c - 1)) + "$" +
            std::string(1, static_cast<char>(c - 1)) + "\n";
  EXPECT_EQ(said(bomb), ".env:8:1: error variables.too_large: a value has more than 65536 bytes\n");
}

TEST(EnvFile, SeesWhatWasSetBefore) {
  const Lookup outer = [](const std::string& name) -> std::optional<std::string> {
    return name == "TAG" ? std::optional<std::string>("v1") : std::nullopt;
  };
  const auto entries = parse_env_file(".env", "TAG=mine\nA=${TAG}\n", outer);
  ASSERT_TRUE(entries);
  EXPECT_EQ((*entries)[1].value.reveal(), "v1");  // as Compose: the environment wins
}

}  // namespace
}  // namespace reconciler
