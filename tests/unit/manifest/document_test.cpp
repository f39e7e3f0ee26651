#include "reconciler/manifest/document.hpp"

#include <gtest/gtest.h>

#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

std::string refused(std::string_view text) {
  const auto read = parse_document("m.yaml", text);
  return read ? "" : render(read.error());
}

std::string code(std::string_view text) {
  const auto read = parse_document("m.yaml", text);
  return read ? "" : read.error().code;
}

TEST(Document, KeepsTextAsItIsWritten) {
  const auto read = parse_document("m.yaml", "a: 1.10\nb: 0123\nc: no\nd: '5'\ne: 12e4567\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find("a")->text, "1.10");
  EXPECT_EQ(read->find("b")->text, "0123");
  EXPECT_EQ(read->find("c")->text, "no");
  EXPECT_EQ(read->find("d")->text, "5");
  EXPECT_TRUE(read->find("d")->quoted);
  EXPECT_FALSE(read->find("a")->quoted);
  EXPECT_EQ(read->find("e")->text, "12e4567");
  EXPECT_EQ(read->find("f"), nullptr);
}

TEST(Document, KnowsWhereThingsStand) {
  const auto read = parse_document("m.yaml", "é: {key: \"va\\\"lue\", other: }\nlist:\n  - å b\n");
  ASSERT_TRUE(read);
  const Member& first = read->members[0];
  EXPECT_EQ(first.spot.column, 1);
  EXPECT_EQ(first.spot.width, 1);
  const Place value = first.value.find("key")->spot.place();
  EXPECT_EQ(value.file, "m.yaml");
  EXPECT_EQ(value.line, 1);
  EXPECT_EQ(value.column, 10);
  EXPECT_EQ(value.width, 9);
  EXPECT_EQ(value.source, "é: {key: \"va\\\"lue\", other: }");
  EXPECT_TRUE(first.value.find("other")->is(Value::Kind::null));
  EXPECT_EQ(first.value.find("other")->spot.column, 21);  // its key's
  const Value& item = read->find("list")->items[0];
  EXPECT_EQ(item.spot.line, 3);
  EXPECT_EQ(item.spot.column, 5);
  EXPECT_EQ(item.spot.width, 3);
}

TEST(Document, TakesWindowsLines) {
  const auto read = parse_document("m.yaml", "a: b\r\nc: d\r\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find("a")->text, "b");
  EXPECT_EQ(read->find("c")->spot.line, 2);
}

TEST(Document, RefusesWhatSaysNothing) {
  for (const char* text : {"", "\n", "# a comment\n", "---\n", "null\n", "~"})
    EXPECT_EQ(refused(text), "m.yaml: error manifest.empty: the file says nothing\n") << text;
}

TEST(Document, RefusesWhatIsNotYaml) {
  EXPECT_EQ(refused("a: b\n c: d\n"),
            "m.yaml:2:3: error manifest.syntax: this is not YAML: illegal map value\n"
            "    2 |  c: d\n"
            "      |   ^ a text with `: ` in it wants quotes\n");
  EXPECT_EQ(refused("- {a: b, c: say d: e}\n"),
            "m.yaml:1:18: error manifest.syntax: this is not YAML: end of map flow not found\n"
            "    1 | - {a: b, c: say d: e}\n"
            "      |                  ^ a text with `: ` in it wants quotes\n");
  EXPECT_EQ(refused("a: {b: c\n"),
            "m.yaml:1:8: error manifest.syntax: this is not YAML: end of map flow not found\n"
            "    1 | a: {b: c\n"
            "      |        ^\n");
  EXPECT_EQ(refused("a: b\nc: \"d\ne: f\n"),
            "m.yaml:2:4: error manifest.syntax: this is not YAML: a quote is not closed\n"
            "    2 | c: \"d\n"
            "      |    ^^ close it\n");
  EXPECT_EQ(refused("? [a]\n: b\n"),
            "m.yaml:1:3: error manifest.syntax: a key is text, and this one is not\n"
            "    1 | ? [a]\n"
            "      |   ^ put it in quotes if it is meant as text\n");
  EXPECT_EQ(
      refused(","),
      "m.yaml:1:1: error manifest.syntax: this is not YAML: nothing can follow the end of the "
      "document\n"
      "    1 | ,\n"
      "      | ^\n");
}

TEST(Document, RefusesWhatIsTooLarge) {
  EXPECT_EQ(refused(std::string(65537, 'a')),
            "m.yaml: error manifest.too_large: the file has 65537 bytes, and may have 65536\n"
            "      | split it: environments can stand in files of their own\n");
  std::string many = "a: [";
  for (int i = 0; i < 15'000; ++i) many += "b,";
  EXPECT_EQ(refused(many + "]"),
            "m.yaml:1:19999: error manifest.too_large: the document has more than 10000 values\n"
            "      | split it\n");
}

TEST(Document, RefusesWhatIsTooDeep) {
  std::string deep(31, '[');
  EXPECT_EQ(code("a: " + deep + std::string(31, ']')), "");
  EXPECT_EQ(refused("a: " + deep + "[]" + std::string(31, ']')),
            "m.yaml:1:35: error manifest.too_deep: values stand more than 32 deep\n"
            "    1 | a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"
            "      |                                   ^ no key stands that deep\n");
  EXPECT_EQ(code(std::string(60'000, '[')), "manifest.too_deep");
  EXPECT_EQ(code("a: " + std::string(60'000, '{')), "manifest.too_deep");
}

TEST(Document, RefusesAliasesAnchorsTagsAndMergeKeys) {
  EXPECT_EQ(refused("a: &x 1\nb: *x\n"),
            "m.yaml:1:4: error manifest.alias_forbidden: an alias or anchor stands here, and "
            "manifests have none\n"
            "    1 | a: &x 1\n"
            "      |    ^ write the value out\n");
  EXPECT_EQ(code("a: *x\n"), "manifest.alias_forbidden");
  EXPECT_EQ(code("&a [*a]\n"), "manifest.alias_forbidden");
  EXPECT_EQ(
      refused("a: !!str 1\n"),
      "m.yaml:1:4: error manifest.tag_forbidden: the YAML tag \"tag:yaml.org,2002:str\" is not "
      "taken\n"
      "    1 | a: !!str 1\n"
      "      |    ^ write the value without it\n");
  EXPECT_EQ(refused("a:\n  <<: b\n"),
            "m.yaml:2:3: error manifest.merge_key: manifests have no merge key <<\n"
            "    2 |   <<: b\n"
            "      |   ^^ write the keys out; an environment inherits all keys of its manifest\n");
}

TEST(Document, NamesBothLinesOfADuplicateKey) {
  EXPECT_EQ(
      refused("a: 1\nb: 2\n\"a\": 3\nb: 4\n"),
      "m.yaml:3:1: error manifest.duplicate_key: \"a\" stands twice, first in line 1 and again "
      "in line 3\n"
      "    3 | \"a\": 3\n"
      "      | ^^^ keep one of them\n"
      "m.yaml:4:1: error manifest.duplicate_key: \"b\" stands twice, first in line 2 and again "
      "in line 4\n"
      "    4 | b: 4\n"
      "      | ^ keep one of them\n");
}

TEST(Document, RefusesASecondDocument) {
  const std::string message =
      "error manifest.multi_document: a second document begins here, and a file holds one\n";
  EXPECT_EQ(refused("a: b\n---\nc: d\n"), "m.yaml:2:1: " + message +
                                              "    2 | ---\n"
                                              "      | ^ put it into a file of its own\n");
  EXPECT_EQ(code("a: b\n...\nc: d\n"), "manifest.multi_document");
  EXPECT_EQ(code("a: b\n---\n"), "manifest.multi_document");
  EXPECT_EQ(code("---\na: b\n...\n"), "");
}

TEST(Document, RefusesBytesThatAreNoText) {
  EXPECT_EQ(refused("\xEF\xBB\xBFtag: v1\n"),
            "m.yaml:1:1: error manifest.encoding: the file begins with a byte order mark\n"
            "      | save it as UTF-8 without one\n");
  EXPECT_EQ(refused("a: å\nb: \xFF\n"),
            "m.yaml:2:4: error manifest.encoding: the byte 0xff is not UTF-8\n"
            "      | save the file as UTF-8\n");
  EXPECT_EQ(refused(std::string_view("a: \0b\n", 6)),
            "m.yaml:1:4: error manifest.encoding: the control character 0x00 stands in the text\n"
            "      | take it out\n");
  for (const char* bytes : {"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xC3",
                            "\xE2\x82", "\x1b[31m", "a\rb", "\x7f", "\xC2\x9B"})
    EXPECT_EQ(code(bytes), "manifest.encoding") << bytes;
  EXPECT_EQ(refused("a: \"b\\0c\"\n"),
            "m.yaml:1:4: error manifest.encoding: the text holds a NUL character\n"
            "    1 | a: \"b\\0c\"\n"
            "      |    ^^^^^^ take it out\n");
}

TEST(Document, ReadsNoSymlink) {
  Files files;
  files.write("real", "a: b\n");
  std::filesystem::create_symlink(files.path("real"), files.path("link"));
  EXPECT_TRUE(read_document(files.path("real"), "m.yaml"));
  EXPECT_EQ(render(read_document(files.path("link"), "m.yaml").error()),
            "m.yaml: error path.symlink: the file is a symbolic link\n"
            "      | put the file itself there\n");
}

}  // namespace
}  // namespace reconciler
