// The mistakes that the simulation is to find, each of which it does find.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::simulation {
namespace {

class Mutants : public testing::TestWithParam<std::string> {};

TEST_P(Mutants, IsCaught) {
  const auto patch = read_file(fmt::format("{}/{}.patch", MUTANT_PATCHES, GetParam()));
  ASSERT_TRUE(patch);
  const std::string first = split(*patch, '\n').front();
  // `is caught by chronicles of containers, from 300: SENTENCE`
  const auto end = first.find(": ");
  ASSERT_TRUE(first.starts_with("is caught by chronicles of ") && end != std::string::npos)
      << first;
  const auto words = split(first.substr(0, end), ' ');
  const bool of_containers = words.at(5).starts_with("containers");
  Command command;
  command.argv = {fmt::format("{}/{}", MUTANTS, GetParam()),
                  of_containers ? "containers" : "versions", words.size() > 7 ? words[7] : "1",
                  first.substr(end + 2)};
  command.timeout = std::chrono::minutes(5);
  const auto done = run_process(command);
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(done->exit_code, 0) << done->out << done->err;
  const auto told = fmt::format("mutant {} is caught by {}", GetParam(), trim(done->out));
  RecordProperty("told", told);
  fmt::print("{}\n", told);
}

INSTANTIATE_TEST_SUITE_P(Each, Mutants, testing::ValuesIn(split(MUTANT_NAMES, ' ')),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace reconciler::simulation
