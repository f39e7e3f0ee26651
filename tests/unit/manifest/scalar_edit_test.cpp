// One scalar is written anew, and every other byte stays.
#include "reconciler/manifest/scalar_edit.hpp"

#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

/// Of portfolio/production: the files as they are after its tag was set, one after the other.
std::string set(const std::string& manifest, const std::string& own_file, const std::string& tag) {
  Files files;
  files.write("portfolio/reconciler.yaml", manifest);
  if (!own_file.empty()) files.write("portfolio/environments/production.yaml", own_file);
  const Manifests all = files.read();
  for (const auto& spec : all.environments) {
    if (spec.id.environment != "production") continue;
    const bool own = spec.tag_place.file.ends_with("production.yaml");
    const auto edited =
        replace_scalar(spec.tag_place.file, own ? own_file : manifest, spec.tag_place, tag);
    if (!edited) return render(edited.error());
    return own ? manifest + *edited : *edited + own_file;
  }
  return files.validate();
}

TEST(ScalarEdit, KeepsCommentsAndLayout) {
  EXPECT_EQ(set("# ours\nname: portfolio   # the shop\n",
                "# raised by anna\n\ntag:   v1.2.3     # since Tuesday\nkeep: 1\n", "v1.10.0"),
            "# ours\nname: portfolio   # the shop\n"
            "# raised by anna\n\ntag:   v1.10.0     # since Tuesday\nkeep: 1\n");
}

TEST(ScalarEdit, KeepsQuotes) {
  EXPECT_EQ(set("keep: 1\n", "tag: 'v1'\n", "v2"), "keep: 1\ntag: 'v2'\n");
  EXPECT_EQ(set("keep: 1\n", "tag: \"1.10\" # text\n", "1.11"), "keep: 1\ntag: \"1.11\" # text\n");
  EXPECT_EQ(set("keep: 1\n", "tag: \"\\x76\\u0031\"\n", "v2"),
            "portfolio/environments/production.yaml:1:6: error edit.unusual: \"v1\" is not written "
            "as it reads, on one line\n"
            "    1 | tag: \"\\x76\\u0031\"\n"
            "      |      ^^^^^^^^^^^^ edit the file by hand\n");
}

TEST(ScalarEdit, QuotesWhatPlainTextCannotSay) {
  EXPECT_EQ(set("keep: 1\n", "tag: v1\n", "null"), "keep: 1\ntag: \"null\"\n");
  EXPECT_EQ(set("keep: 1\n", "tag: v1\n", "1.10"), "keep: 1\ntag: 1.10\n");
  EXPECT_EQ(set("keep: 1\n", "tag: v1\n", "no"), "keep: 1\ntag: no\n");
}

TEST(ScalarEdit, KeepsLineEndsAndWhereTheFileEnds) {
  EXPECT_EQ(set("keep: 1\r\n", "# é\r\ntag: v1\r\nkeep: 2\r\n", "v2.0"),
            "keep: 1\r\n# é\r\ntag: v2.0\r\nkeep: 2\r\n");
  EXPECT_EQ(set("keep: 1\n", "tag: v1", "v2.0"), "keep: 1\ntag: v2.0");
}

TEST(ScalarEdit, FindsItInFlowMappings) {
  EXPECT_EQ(set("environments: {production: {tag: v1}, stage: {tag: v1, host: b}}\n", "", "v22"),
            "environments: {production: {tag: v22}, stage: {tag: v1, host: b}}\n");
  EXPECT_EQ(
      set("environments: { stage: { tag: v1, host: b }, production: { host: 'å, é', tag: v1 } }\n",
          "", "v22"),
      "environments: { stage: { tag: v1, host: b }, production: { host: 'å, é', tag: v22 } }\n");
}

TEST(ScalarEdit, ChangesOneOfTwoThatSayTheSame) {
  EXPECT_EQ(set("environments:\n  stage: { tag: v1, host: b }\n  production:\n    tag: v1   # v1\n"
                "    verify: [{ http: \"http://x/v1\" }]\n",
                "", "v2"),
            "environments:\n  stage: { tag: v1, host: b }\n  production:\n    tag: v2   # v1\n"
            "    verify: [{ http: \"http://x/v1\" }]\n");
}

TEST(ScalarEdit, WhatGoesOverSeveralLinesIsLeftToPeople) {
  EXPECT_EQ(set("keep: 1\n", "tag: >-\n  v1\n", "v2"),
            "portfolio/environments/production.yaml:1:6: error edit.unusual: \"v1\" is not written "
            "as it reads, on one line\n"
            "    1 | tag: >-\n"
            "      |      ^ edit the file by hand\n");
  EXPECT_EQ(set("keep: 1\n", "tag:\n  v1\n", "v2"), "keep: 1\ntag:\n  v2\n");
}

TEST(ScalarEdit, AnchorsAndWhatIsNoScalarAreRefused) {
  EXPECT_EQ(
      replace_scalar("m.yaml", "a: &x v1\nb: *x\n", {"m.yaml", 1, 7, 1, ""}, "v2").error().code,
      "manifest.alias_forbidden");
  for (const Place& place : {Place{"m.yaml", 1, 1, 1, ""}, Place{"m.yaml", 9, 9, 1, ""}})
    EXPECT_EQ(replace_scalar("m.yaml", "a: v1\n", place, "v2").error().code, "edit.no_scalar");
}

}  // namespace
}  // namespace reconciler
