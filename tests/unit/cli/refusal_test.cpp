// Command lines that people really type, and what each is answered: whole messages. What needs more
// than the parser to be found wrong is in tests/integration/test_wrong_situations.py.
#include "reconciler/cli/refusal.hpp"

#include <gtest/gtest.h>

#include "parser.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::cli {
namespace {

/// What is said of a line as a shell takes it; empty when it is taken.
std::string said(const std::string& line) {
  WholeParser parser;
  const auto words = split_command(line);
  EXPECT_TRUE(words) << line;
  std::vector<std::string> reversed(words->rbegin(), words->rend());
  try {
    parser.app.parse(reversed);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return "";
    const Error error = refusal(parser.app, e, *words);
    EXPECT_EQ(error.code, "usage");
    EXPECT_FALSE(error.hint.empty()) << line;
    return error.message + "\n" + error.hint;
  }
  return "";
}

constexpr const char* phases =
    "supply, preflight, start, backup, release, switch, after, verify, record and prune";

struct Line {
  const char* typed;
  std::string answer;
};

TEST(Refusal, OfLinesThatPeopleType) {
  for (const auto& [typed, answer] : std::vector<Line>{
           // No verb, or one that there is not.
           {"", "no verb is given\nreconciler status; every verb: reconciler --help"},
           {"deploy web/stage --yes", "there is no verb \"deploy\"\nreconciler apply APP/ENV"},
           {"up", "there is no verb \"up\"\nreconciler apply APP/ENV"},
           {"logs web/stage", "there is no verb \"logs\"\nreconciler compose APP/ENV logs"},
           {"down",
            "there is no verb \"down\"\nreconciler suspend APP/ENV, or remove APP/ENV once git "
            "does not name it"},
           {"aply web/stage",
            "there is no verb \"aply\"\ndid you mean: reconciler apply web/stage"},
           {"--json paln 'a b'",
            "there is no verb \"paln\"\ndid you mean: reconciler --json plan 'a b'"},
           {"frobnicate", "there is no verb \"frobnicate\"\nreconciler --help"},
           {"help", "there is no verb \"help\"\nreconciler --help"},
           {"help plan", "there is no verb \"help\"\nreconciler plan --help"},
           {"web/stage",
            "no verb is given before web/stage\n"
            "reconciler plan web/stage; every verb: reconciler --help"},
           {"web/stage show", "\"web/stage\" stands before the verb\nreconciler show APP/ENV"},
           {"driver", "driver needs to be told what\nreconciler driver --help"},
           {"driver frob", "driver has no \"frob\"\nwrite one of list and serve"},
           // Options.
           {"plan --frobnicate", "plan has no option --frobnicate\nreconciler plan --help"},
           {"plan --no-fecth web/stage", "plan has no option --no-fecth\ndid you mean --no-fetch?"},
           {"apply -y web/stage", "apply has no option -y\ndid you mean --yes?"},
           {"apply -yes web/stage", "apply has no option -yes\ndid you mean --yes?"},
           {"apply --yse", "apply has no option --yse\ndid you mean --yes?"},
           {"apply --dry-run",
            "apply has no option --dry-run\n"
            "reconciler plan shows what would be done, and changes nothing"},
           {"-V", "reconciler has no option -V\ndid you mean --version?"},
           {"driver serve --frob=x",
            "driver serve has no option --frob\n"
            "reconciler driver serve --help"},
           {"plan --explain --commands",
            "--explain and --commands do not go together\nleave one of them away"},
           {"plan --out", "--out needs a value\nreconciler plan [APP/ENV ...] --out FILE"},
           {"plan --repo a --repo b", "--repo is given more than once\ngive it once"},
           {"apply --until", std::string("--until needs a value\nwrite one of ") + phases},
           {"apply --until swtich",
            std::string("--until \"swtich\": there is no such phase\ndid you mean switch? There "
                        "are ") +
                phases},
           {"apply --until --yes",
            std::string("--until \"--yes\": there is no such phase\nwrite one of ") + phases},
           {"status --color pink",
            "--color \"pink\": there is no such color\n"
            "write one of auto, always and never"},
           {"history web/stage --run abc",
            "--run takes a whole number from 1 on, and \"abc\" is none\n"
            "reconciler history APP/ENV --run N"},
           {"history web/stage --run 0",
            "--run takes a whole number from 1 on, and \"0\" is none\n"
            "reconciler history APP/ENV --run N"},
           {"history web/stage --run -1",
            "--run takes a whole number from 1 on, and \"-1\" is none\n"
            "reconciler history APP/ENV --run N"},
           {"history web/stage --limit 0",
            "--limit takes a whole number from 1 on, and \"0\" is none\n"
            "reconciler history APP/ENV --limit N"},
           {"apply --yes=perhaps", "--yes takes no value\nreconciler apply --help"},
           // Arguments: too few, too many, not one of those that there are.
           {"show",
            "show needs an environment\n"
            "reconciler show APP/ENV; which there are: reconciler status"},
           {"set web/stage", "set needs TAG\nreconciler set APP/ENV TAG"},
           {"set web/stage:v1", "set needs TAG\nreconciler set APP/ENV TAG"},
           {"set web/stage -v1", "set has no option -v1\nreconciler set --help"},
           {"set web/stage tag v1",
            "\"v1\" is one argument too many for set\n"
            "reconciler set APP/ENV TAG; its options: reconciler set "
            "--help"},
           {"approve web/stage 3f9a1c",
            "\"3f9a1c\" is one argument too many for approve\n"
            "reconciler approve APP/ENV; its options: reconciler approve --help"},
           {"run web/stage",
            "run takes no argument, and \"web/stage\" is one\n"
            "reconciler run; its options: reconciler run --help"},
           {"settle web/stage release",
            "settle needs succeeded|not-run\n"
            "reconciler settle APP/ENV TASK succeeded|not-run"},
           {"settle web/stage release yes",
            "\"yes\" is no answer\nwrite one of succeeded and not-run"},
           {"driver serve", "driver serve needs NAME\nreconciler driver serve NAME"},
       })
    EXPECT_EQ(said(typed), answer) << typed;
}

TEST(Refusal, NothingIsSaidOfWhatIsTaken) {
  for (const char* line : {"apply --yes --yes web/stage", "plan --frobnicate --help", "--version",
                           "plan ''", "history web/stage --run 57", "set web/stage -- -v1"})
    EXPECT_EQ(said(line), "") << line;
}

TEST(Refusal, WhatIsShownOfALineIsBounded) {
  EXPECT_EQ(said(std::string(1000, 'x')),
            "there is no verb \"" + std::string(100, 'x') + "...\"\nreconciler --help");
  EXPECT_EQ(said("plan --" + std::string(1000, 'x')),
            "plan has no option --" + std::string(98, 'x') + "...\nreconciler plan --help");
}

}  // namespace
}  // namespace reconciler::cli
