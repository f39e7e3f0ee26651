#include "reconciler/base/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace reconciler {
namespace {

using namespace std::chrono_literals;

/// More than a pipe holds: it is still being written when nobody reads any more.
Command given_too_much(std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  command.input = std::string(size_t{1} << 20U, 'x');
  command.timeout = 30s;
  return command;
}

TEST(RunProcess, AProgramThatReadsNothingEndsAsItEnds) {
  // As in a program that has done nothing about SIGPIPE, whoever runs the tests.
  const auto before = ::signal(SIGPIPE, SIG_DFL);
  for (const auto& [program, code] : {std::pair("/bin/true", 0), std::pair("/bin/false", 1)}) {
    const auto ended = run_process(given_too_much({program}));
    ASSERT_TRUE(ended) << render(ended.error());
    EXPECT_EQ(ended->exit_code, code);
  }
  ::signal(SIGPIPE, before);
}

TEST(RunProcess, WhatItIsGivenIsWhatItReads) {
  const auto ended = run_process(given_too_much({"/usr/bin/wc", "-c"}));
  ASSERT_TRUE(ended) << render(ended.error());
  EXPECT_EQ(ended->out, "1048576\n");
}

}  // namespace
}  // namespace reconciler
