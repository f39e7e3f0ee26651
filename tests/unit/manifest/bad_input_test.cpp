// Bad input and the whole message that comes of it, mistakes in one file together.
#include <gtest/gtest.h>

#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

/// What is said of one manifest, without the lines of the excerpt.
std::string said(const std::string& text, const std::string& environment = "tag: v1\n") {
  Files files;
  files.write("app/reconciler.yaml", text);
  if (!environment.empty()) files.write("app/environments/production.yaml", environment);
  std::string out;
  for (const auto& e : files.read().mistakes())
    out += e.place.file.substr(4) + ":" + std::to_string(e.place.line) + ":" +
           std::to_string(e.place.column) + " " + e.code + ": " + e.message +
           (e.hint.empty() ? "" : " -> " + e.hint) + "\n";
  return out;
}

std::string tag(const std::string& text) {
  return said("name: app\n", "tag: " + text + "\n");
}

constexpr const char* at_tag = "environments/production.yaml:1:6 ";

TEST(BadInput, TranscriptOfATypo) {
  Files files;
  files.write("portfolio/reconciler.yaml", "verify:\n  time_out: 2m\n  checks: []\n");
  files.write("portfolio/environments/production.yaml", "tag: v1\nverify:\n  timeout: 30\n");
  EXPECT_EQ(files.validate(),
            "portfolio/environments/production.yaml:3:12: error duration.invalid: \"30\" has no "
            "unit\n"
            "    3 |   timeout: 30\n"
            "      |            ^^ write 30s, 30m or 30h\n"
            "portfolio/reconciler.yaml:2:3: error manifest.unknown_key: verify has no key "
            "\"time_out\"\n"
            "    2 |   time_out: 2m\n"
            "      |   ^^^^^^^^ did you mean \"timeout\"?\n");
}

TEST(BadInput, EmptyAndBrokenFiles) {
  EXPECT_EQ(said(""), "reconciler.yaml:0:0 manifest.empty: the file says nothing\n");
  EXPECT_EQ(
      said("- a\n"),
      "reconciler.yaml:1:1 manifest.type: the document is a list, and wants keys and values\n");
  EXPECT_EQ(
      said("text\n"),
      "reconciler.yaml:1:1 manifest.type: the document is the text \"text\", and wants keys and "
      "values\n");
  EXPECT_EQ(
      said("name: app\n", "v1.2.3\n"),
      "environments/production.yaml:1:1 manifest.type: the document is the text \"v1.2.3\", and "
      "wants keys and values\n");
}

TEST(BadInput, UnknownKeys) {
  EXPECT_EQ(said("relase: x\n"),
            "reconciler.yaml:1:1 manifest.unknown_key: a manifest has no key \"relase\" -> did you "
            "mean \"release\"?\n");
  EXPECT_EQ(
      said("tag: v1\n"),
      "reconciler.yaml:1:1 manifest.unknown_key: a manifest has no key \"tag\" -> it belongs to "
      "an environment, under `environments` or in environments/NAME.yaml\n");
  EXPECT_EQ(said("name: app\n", "tag: v1\nname: x\n"),
            "environments/production.yaml:2:1 manifest.unknown_key: an environment has no key "
            "\"name\" -> it belongs to reconciler.yaml\n");
  EXPECT_EQ(said("images: { build: { cache: no } }\n"),
            "reconciler.yaml:1:20 manifest.unknown_key: images.build has no key \"cache\"\n");
  EXPECT_EQ(said("release: [{ run: a, wen: after }]\n"),
            "reconciler.yaml:1:21 manifest.unknown_key: a step has no key \"wen\" -> did you mean "
            "\"when\"?\n");
  EXPECT_EQ(said("verify: [{ http: 'http://x', command: y }]\n"),
            "reconciler.yaml:1:30 manifest.unknown_key: a step of http has no key \"command\"\n");
  EXPECT_EQ(
      said("verify: [{ service: web, command: y }]\n"),
      "reconciler.yaml:1:26 manifest.unknown_key: a step of service has no key \"command\" -> a "
      "command in a container of it is a step of exec: SERVICE\n");
  EXPECT_EQ(said("backup: { exec: db, command: x, every: 0s }\n"),
            "reconciler.yaml:1:40 duration.invalid: a backup every 0s would never end and let all "
            "older ones go -> write 24h, or leave it out\n");
  EXPECT_EQ(
      said("version: 2\n"),
      "reconciler.yaml:1:1 manifest.version: a manifest has no version, and \"2\" is not known "
      "-> take the line out\n");
}

TEST(BadInput, WrongTypes) {
  EXPECT_EQ(tag("[a]"), std::string(at_tag) + "manifest.type: tag is a list, and wants text\n");
  EXPECT_EQ(tag("{a: b}"),
            std::string(at_tag) + "manifest.type: tag is keys and values, and wants text\n");
  EXPECT_EQ(
      said("data: { a: b }\n"),
      "reconciler.yaml:1:7 manifest.type: data is keys and values, and wants text or a list of "
      "text\n");
  EXPECT_EQ(
      said("keep: many\n"),
      "reconciler.yaml:1:7 manifest.type: keep is many, and wants a whole number from 0 to 1000 "
      "or all\n");
  EXPECT_EQ(
      said("keep: \"3\"\n"),
      "reconciler.yaml:1:7 manifest.type: keep is the text \"3\", and wants a whole number from "
      "0 to 1000 or all\n");
  EXPECT_EQ(
      said("on_failure: rolback\n"),
      "reconciler.yaml:1:13 manifest.type: on_failure is \"rolback\", and wants rollback or hold "
      "-> did you mean \"rollback\"?\n");
  EXPECT_EQ(
      said("images: { build: { pull: yes } }\n"),
      "reconciler.yaml:1:26 manifest.type: images.build.pull is yes, and wants true or false -> "
      "write true\n");
  EXPECT_EQ(
      said("source:\n"),
      "reconciler.yaml:1:1 manifest.type: source has no value -> write a URL, or repository and "
      "tags\n");
  EXPECT_EQ(
      said("verify: [backend]\n"),
      "reconciler.yaml:1:10 manifest.type: a check alone is a URL, and \"backend\" is none -> "
      "write https://..., or a step such as { service: NAME }\n");
  EXPECT_EQ(
      said("environments: [production]\n"),
      "reconciler.yaml:1:15 manifest.type: environments is a list, and wants names, each with "
      "the keys of an environment\n");
}

TEST(BadInput, MissingThings) {
  EXPECT_EQ(said("name: app\n", ""),
            "reconciler.yaml:0:0 manifest.missing: app has no environment -> write one, such as "
            "environments/production.yaml with the line tag: v1.2.3; or environments: {} where it "
            "is to have none\n");
  EXPECT_EQ(
      said("name: app\n", "host: local\n"),
      "environments/production.yaml:1:1 manifest.missing: app/production has no tag -> write the "
      "version wanted, such as tag: v1.2.3\n");
  EXPECT_EQ(said("environments: { production: null }\n", ""),
            "reconciler.yaml:1:17 manifest.missing: app/production has no tag -> write the version "
            "wanted, such as tag: v1.2.3\n");
  EXPECT_EQ(
      said("source: { tags: any }\n"),
      "reconciler.yaml:1:9 manifest.missing: source has no repository -> add repository: URL, or "
      "write the URL alone\n");
  EXPECT_EQ(said("release: [{ name: migrate }]\n"),
            "reconciler.yaml:1:11 manifest.missing: a step has one of run, exec, http, logs and "
            "service, and this has none -> say what it does, such as run: SERVICE\n");
  EXPECT_EQ(
      said("verify: [{ exec: db }, { logs: '*' }]\n"),
      "reconciler.yaml:1:10 manifest.missing: a step of exec has a command, and this has none -> "
      "add command: ...\n"
      "reconciler.yaml:1:24 manifest.missing: a step of logs expects something, and this expects "
      "nothing -> add forbid: EXPRESSION or contains: TEXT\n");
}

TEST(BadInput, Tags) {
  const std::string at = at_tag;
  EXPECT_EQ(tag("null"), at + "manifest.type: tag has no value -> write text\n");
  EXPECT_EQ(tag("\"\""), at + "tag.empty: the tag is empty -> write the version wanted\n");
  for (const char* wrong : {"-rf", "\"a b\"", "\"a\\nb\"", "\"a\\tb\"", ".x", "..", "$(id)",
                            "'`id`'", "a;b", "a/b", "\"a@sha256:0\"", "vе1"})
    EXPECT_EQ(tag(wrong).substr(0, at.size() + 12), at + "tag.invalid:") << wrong;
  EXPECT_EQ(tag(std::string(129, 'a')).substr(at.size(), 12), "tag.too_long");
  EXPECT_EQ(tag("latest").substr(at.size(), 21), "tag.mutable_forbidden");
  for (const char* right : {"1.10", "0123", "12e4567", "1234567", "true", "_x", "no"})
    EXPECT_EQ(tag(right), "") << right;
}

TEST(BadInput, TagsOfLayersThatTakeThemAway) {
  EXPECT_EQ(said("environments: { production: { tag: ~ } }\n", ""),
            "reconciler.yaml:1:36 manifest.type: tag has no value -> write text\n");
}

TEST(BadInput, Names) {
  Files files;
  files.write("app/reconciler.yaml", "environments: { ../prod: { tag: v1 }, Prod: { tag: v1 } }\n");
  files.write("Shop/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  files.write("app/environments/UP.yaml", "tag: v1\n");
  std::string codes;
  for (const auto& e : files.read().mistakes())
    codes += e.place.file + ":" + std::to_string(e.place.column) + " " + e.code + " ";
  EXPECT_EQ(codes,
            "Shop/reconciler.yaml:0 name.invalid app/environments/UP.yaml:0 name.invalid "
            "app/reconciler.yaml:17 name.invalid app/reconciler.yaml:39 name.invalid ");
  EXPECT_EQ(
      said("variables: { set: { 'A B': x, TAG: y }, required: ['1'] }\n"),
      "reconciler.yaml:1:21 name.invalid: \"A B\" is no name of a variable -> letters, digits and "
      "_ alone, and no digit first\n"
      "reconciler.yaml:1:31 variables.reserved: TAG is set by the reconciler -> use another "
      "name\n"
      "reconciler.yaml:1:52 name.invalid: \"1\" is no name of a variable -> letters, digits and "
      "_ alone, and no digit first\n");
}

TEST(BadInput, FilesThatAreNearlyNamedRight) {
  Files files;
  files.write("a/reconciler.yml", "x: y\n");
  files.write("b/reconciler.yaml", "environments: { production: { tag: v1 } }\n");
  files.write("b/environments/stage.yml", "tag: v1\n");
  EXPECT_EQ(
      files.validate(),
      "a/reconciler.yml: error manifest.file_name: a manifest is called reconciler.yaml, and "
      "this is not read\n"
      "      | rename it\n"
      "b/environments/stage.yml: error manifest.file_name: an environment's file ends in .yaml, "
      "and this is not read\n"
      "      | rename it\n");
}

TEST(BadInput, Paths) {
  EXPECT_EQ(
      said("compose: { files: [/etc/a.yml, a/../../b.yml, ''] }\n"),
      "reconciler.yaml:1:20 path.escape: compose.files is \"/etc/a.yml\", and must lie inside "
      "the tree -> write it without the leading /; what is not in git goes into the host file's "
      "`files`\n"
      "reconciler.yaml:1:32 path.escape: compose.files is \"a/../../b.yml\", and may not hold .. "
      "-> name the place itself\n"
      "reconciler.yaml:1:47 path.invalid: compose.files is empty\n");
  EXPECT_EQ(
      said("data: ../x\nvariables: { env_file: /etc/shadow }\nstate_files: var/lib\n"),
      "reconciler.yaml:1:7 path.escape: data is \"../x\", and may not hold .. -> name the place "
      "itself\n"
      "reconciler.yaml:2:24 path.escape: env_file is \"/etc/shadow\", and must lie inside the "
      "tree -> write it without the leading /; what is not in git goes into the host file's "
      "`files`\n"
      "reconciler.yaml:3:14 path.relative: state_files is \"var/lib\", and must be absolute -> "
      "begin it with /\n");
}

TEST(BadInput, NumbersAndDurations) {
  EXPECT_EQ(
      said("keep: -1\n"),
      "reconciler.yaml:1:7 number.range: keep is -1, and wants a whole number from 0 to 1000 or "
      "all\n");
  EXPECT_EQ(
      said("verify: [{ run: a, lines: 9223372036854775808 }]\n"),
      "reconciler.yaml:1:27 number.range: lines is 9223372036854775808, and wants a whole number "
      "from 0 to 100000\n");
  for (const char* text : {"\"5\"", "\"-1s\"", "1e9s", "5", "s", "\"\""})
    EXPECT_EQ(said("verify: { timeout: " + std::string(text) + " }\n").substr(0, 38),
              "reconciler.yaml:1:20 duration.invalid:")
        << text;
}

TEST(BadInput, Steps) {
  EXPECT_EQ(said("release: [{ run: a, exec: b, command: c }]\n"),
            "reconciler.yaml:1:21 manifest.conflict: a step has one of run, exec, http, logs and "
            "service, and this has run and exec -> make it two steps\n");
  EXPECT_EQ(
      said("release: [{ exec: a, command: c, once: tag }]\n"),
      "reconciler.yaml:1:40 once.needs_run: once: tag needs a container of its own, and exec has "
      "none -> write run instead, or once: switch\n");
  EXPECT_EQ(
      said("release: [a, a]\n"),
      "reconciler.yaml:1:14 manifest.duplicate_name: two steps are called \"a\", the first in "
      "line 1 -> give one of them another name\n");
  EXPECT_EQ(
      said("release: [{ run: a, command: \"x 'y\" }]\n"),
      "reconciler.yaml:1:30 command.quoting: a ' is not closed -> close it, or write the command "
      "as a list\n");
  EXPECT_EQ(said("preflight: [{ exec: a, command: c, network: true }]\n"),
            "reconciler.yaml:1:36 manifest.unknown_key: a step of exec has no key \"network\"\n");
  EXPECT_EQ(
      said("verify: [{ logs: a, forbid: '(' }, 'https://${A}/${b-c}']\n"),
      "reconciler.yaml:1:29 expression.invalid: \"(\" is no expression: a ( is not closed\n"
      "reconciler.yaml:1:36 variables.syntax: \"${b-c}\" is no variable: only ${NAME} is filled "
      "in here -> a literal ${ is written $${\n");
}

TEST(BadInput, EveryMistakeAtOnceAndInOrder) {
  EXPECT_EQ(
      said("nme: x\nkeep: [1]\ncompose: { files: /a, prject: b }\non_failure: never\n"),
      "reconciler.yaml:1:1 manifest.unknown_key: a manifest has no key \"nme\" -> did you mean "
      "\"name\"?\n"
      "reconciler.yaml:2:7 manifest.type: keep is a list, and wants a whole number from 0 to 1000 "
      "or all\n"
      "reconciler.yaml:3:19 path.escape: compose.files is \"/a\", and must lie inside the tree -> "
      "write it without the leading /; what is not in git goes into the host file's `files`\n"
      "reconciler.yaml:3:23 manifest.unknown_key: compose has no key \"prject\" -> did you mean "
      "\"project\"?\n"
      "reconciler.yaml:4:13 manifest.type: on_failure is \"never\", and wants rollback or hold\n");
}

TEST(BadInput, AMistakeThatIsInheritedIsSaidOnce) {
  Files files;
  files.write("app/reconciler.yaml", "state_files: x\n");
  files.write("app/environments/a.yaml", "tag: v1\n");
  files.write("app/environments/b.yaml", "tag: v1\n");
  EXPECT_EQ(files.read().mistakes().size(), 1U);
}

}  // namespace
}  // namespace reconciler
