#include "reconciler/base/shell.hpp"

#include <gtest/gtest.h>

namespace reconciler {
namespace {

TEST(ShellWord, IsQuotedWhereItMustBe) {
  EXPECT_EQ(shell_word("ghcr.io/acme/web:v1.2.3"), "ghcr.io/acme/web:v1.2.3");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_word("a;b"), "'a;b'");
}

}  // namespace
}  // namespace reconciler
