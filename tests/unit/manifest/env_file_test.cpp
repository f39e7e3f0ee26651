#include "reconciler/manifest/env_file.hpp"

#include <gtest/gtest.h>

#include <map>

namespace reconciler {
namespace {

const Lookup nothing = [](const std::string&) -> std::optional<std::string> {
  return std::nullopt;
};

struct Case {
  const char* text;
  const char* wanted;  ///< NAME=VALUE; sorted, or `error`
};

// What `docker compose --env-file FILE config --environment` of 2.26.1 and of 2.40.3 says.
const Case as_compose[] = {
    // clang-format off
    {"A=b\n", "A=b;"},
    {"A=b", "A=b;"},
    {"A = b\n", "A=b;"},
    {"A: b\n", "A=b;"},
    {"A=\"b\"\n", "A=b;"},
    {"A='b'\n", "A=b;"},
    {"A=b # c\n", "A=b;"},
    {"A=b#c\n", "A=b#c;"},
    {"A= # c\n", "A=# c;"},
    {"A=#c\n", "A=#c;"},
    {"A=\"b\" # c\n", "A=b;"},
    {"A='b' # c\n", "A=b;"},
    {"export A=b\n", "A=b;"},
    {"export\tA=b\n", "A=b;"},
    {"exportA=b\n", "exportA=b;"},
    {"A=\n", "A=;"},
    {"A=\"\"\n", "A=;"},
    {"# c\nA=b\n", "A=b;"},
    {"\n\n A=b\n", "A=b;"},
    {"A=\"x\\ny\"\n", "A=x\ny;"},
    {"A='x\\ny'\n", "A=x\\ny;"},
    {"A=x\\ny\n", "A=x\\ny;"},
    {"A=\"x\ny\"\nB=c\n", "A=x\ny;B=c;"},
    {"A='x\ny'\nB=c\n", "A=x\ny;B=c;"},
    {"A=\"say \\\"hi\\\"\"\n", "A=say \"hi\";"},
    {"A='it\\'s'\n", "A=it's;"},
    {"A=\"\\t\\r\\v\\f\\a\\b|\"\n", "A=\t\r\x0b\x0c\x07\x08|;"},
    {"A=\"\\$B\"\nB=1\n", "A=$B;B=1;"},
    {"A=$$B\n", "A=$B;"},
    {"A=\"$$B\"\n", "A=$B;"},
    {"B=1\nA=$B\n", "A=1;B=1;"},
    {"B=1\nA=${B}\n", "A=1;B=1;"},
    {"B=1\nA=\"${B}x\"\n", "A=1x;B=1;"},
    {"B=1\nA='${B}x'\n", "A=${B}x;B=1;"},
    {"A=${B}\n", "A=;"},
    {"A=${B:-d}\n", "A=d;"},
    {"A=${B-d}\n", "A=d;"},
    {"B=\nA=${B:-d}\n", "A=d;B=;"},
    {"B=\nA=${B-d}\n", "A=;B=;"},
    {"A=${B:+d}\n", "A=;"},
    {"B=1\nA=${B:+d}\n", "A=d;B=1;"},
    {"B=1\nA=${B+d}\n", "A=d;B=1;"},
    {"A=${B:?no}\n", "error"},
    {"A=${B?no}\n", "error"},
    {"A=${B:-${C:-e}}\n", "A=e;"},
    {"A=${B:-a b}\n", "A=a b;"},
    {"A=$1\n", "A=$1;"},
    {"A=a$\n", "A=a$;"},
    {"A=${}\n", "error"},
    {"A=${B\n", "error"},
    {"A=${1}\n", "error"},
    {"A=${B:x}\n", "error"},
    {"A=${B:}\n", "error"},
    {"A=a$b$c\nB=1\n", "A=a;B=1;"},
    {"A=x\r\nB=y\r\n", "A=x;B=y;"},
    {"A=\"x\r\ny\"\r\n", "A=x\r\ny;"},
    {"A\nB=1\n", "B=1;"},
    {"B=1\nA\n", "B=1;"},
    {"A B=c\n", "error"},
    {"A.B=c\n", "A.B=c;"},
    {"A-B=c\n", "A-B=c;"},
    {"A[0]=c\n", "A[0]=c;"},
    {"\xc3\xa9=c\n", "\xc3\xa9=c;"},
    {"A=\xc3\xa9\n", "A=\xc3\xa9;"},
    {"A=b=c\n", "A=b=c;"},
    {"A==b\n", "A==b;"},
    {"A=b:c\n", "A=b:c;"},
    {"A:b=c\n", "A=b=c;"},
    {"A=\"b\"c\n", "A=b;"},
    {"A=\"b\" c\nD=e\n", "A=b;D=e;"},
    {"A=\"b\n", "error"},
    {"A='b\n", "error"},
    {"A=b\"c\"\n", "A=b\"c\";"},
    {"A=b 'c'\n", "A=b 'c';"},
    {"A=`x`\n", "A=`x`;"},
    {"A={\"a\": \"b\"}\n", "A={\"a\": \"b\"};"},
    {"A=[1, 2]\n", "A=[1, 2];"},
    {"A=\"\\0101\"\n", "A=A;"},
    {"A=\"\\0303\"\n", "A=\xc3\x83;"},
    {"A=\"\\012\"\n", "A=\\12;"},
    {"A=\"\\0777\"\n", "A=\\777;"},
    {"A=\"\\x41\"\n", "A=\\x41;"},
    {"A=\"\\u0041\"\n", "A=\\u0041;"},
    {"A=\"\\c\"\n", "A=\\c;"},
    {"A=\"\\\\n\"\n", "A=\\n;"},
    {"A=\"\\\\\"\n", "A=\\;"},
    {"A='\\\\'\n", "A=\\\\;"},
    {"A=\\\\\n", "A=\\\\;"},
    {"A=\"a\\\nb\"\n", "A=a\\\nb;"},
    {"A=  b  c  \n", "A=b  c;"},
    {"A=\tb\t\n", "A=b;"},
    {"A= \"b\"\n", "A=b;"},
    {"A= 'b'\n", "A=b;"},
    {"A=1\nA=2\n", "A=2;"},
    {"A=1\nA=${A}2\n", "A=12;"},
    {"\xef\xbb\xbf" "A=b\n", "A=b;"},
    {"A!=b\n", "error"},
    {"A@b\n", "error"},
    {"-A=b\n", "-A=b;"},
    {"1A=b\n", "1A=b;"},
    {"A\n\n\nB=c\n", "B=c;"},
    {"A=b\n;c\n", "error"},
    {"A=b\n  # c\n  B=c\n", "A=b;B=c;"},
    {"A=$(id)\n", "A=$(id);"},
    {"A=`id`\n", "A=`id`;"},
    {"A=\"${B:-\\\"x\\\"}\"\n", "A=\"x\";"},
    {"A=${B:-\"x\"}\n", "A=\"x\";"},
    {"A=%d\n", "A=%d;"},
    {"A=\\$B\n", "A=\\;"},
    {"A=p@$$w0rd\n", "A=p@$w0rd;"},
    {"A=a\\ b\n", "A=a\\ b;"},
    {"A=$B_C\nB=1\n", "A=;B=1;"},
    {"A=${B}_C\nB=1\n", "A=_C;B=1;"},
    {"B=1\nA=${B}_C\n", "A=1_C;B=1;"},
    {"B=1\nA=$B.C\n", "A=1.C;B=1;"},
    {"A=\"a#b\"\n", "A=a#b;"},
    {"A=a #\n", "A=a;"},
    {"A=a#\n", "A=a#;"},
    {"A=a\t#b\n", "A=a\t#b;"},
    {"A=\"$\"\n", "A=$;"},
    {"A=\"a$ b\"\n", "A=a$ b;"},
    {"A=''\n", "A=;"},
    {"A='a''b'\n", "error"},
    {"A=\"a\"\"b\"\n", "error"},
    {"export A\nB=1\n", "B=1;"},
    {"export A=\n", "A=;"},
    {"export=1\n", "export=1;"},
    {"A=\xc2\xa0" "b\n", "A=b;"},
    {"A=b\xc2\xa0\n", "A=b;"},
    {"A\xc2\xa0=b\n", "A=b;"},
    {"A=b\x0b\n", "A=b;"},
    {"A=\"\\1\"\n", "A=\\1;"},
    {"A=\"\\8\"\n", "A=\\8;"},
    {"A=\"${B}\"\n", "A=;"},
    {"A=${B:-}\n", "A=;"},
    {"A=${B:=x}\n", "error"},
    {"A=${b}\nb=1\n", "A=;b=1;"},
    {"b=1\nA=${b}\n", "A=1;b=1;"},
    {"A=${B:-$C}\n", "A=;"},
    {"C=3\nA=${B:-$C}\n", "A=3;C=3;"},
    {"A=${B:-}}\n", "A=};"},
    {"A=}\n", "A=};"},
    {"A={\n", "A={;"},
    {"A=$}\n", "A=$};"},
    {"A=${B-}x\n", "A=x;"},
    {"A=\"multi\n# not comment\nline\" # c\nB=1\n", "A=multi\n# not comment\nline;B=1;"},
    {"A=\"x\" B=\"y\"\n", "A=x;B=y;"},
    {"A= \nB=1\n", "A=;B=1;"},
    {"A=\n\nB=1\n", "A=;B=1;"},
    {"A=\n B=1\n", "A=;B=1;"},
    // clang-format on
};

TEST(EnvFile, MeansWhatComposeMakesOfIt) {
  for (const auto& one : as_compose) {
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
