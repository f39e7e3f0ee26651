#include "reconciler/manifest/schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/document.hpp"
#include "tests/unit/manifest/files.hpp"

namespace reconciler {
namespace {

std::string text_of(const std::string& name) {
  const auto text = read_file(std::string(MANIFESTS) + "/" + name);
  EXPECT_TRUE(text) << name;
  return text ? *text : "";
}

std::string keys_refused(const std::vector<Error>& mistakes) {
  std::string out;
  for (const auto& e : mistakes)
    out += (e.code == "manifest.not_yet" ? e.message.substr(0, e.message.find(" is not done"))
                                         : render(e)) +
           "\n";
  return out;
}

/// All keys of the table, each as a path.
void collect(const Shape& shape, const std::string& path, std::vector<std::string>& out,
             int depth = 0) {
  if (depth > 8) return;
  for (const auto& key : shape.keys) {
    out.push_back(path + key.name);
    collect(*key.shape, path + key.name + ".", out, depth + 1);
  }
  if (shape.items) collect(*shape.items, path, out, depth + 1);
  if (shape.values) collect(*shape.values, path, out, depth + 1);
}

TEST(Schema, FilesAreInStep) {
  EXPECT_EQ(schema_text(manifest_schema()), text_of("schema.json"))
      << "reconciler schema > manifests/schema.json";
  EXPECT_EQ(schema_text(host_schema()), text_of("host-schema.json"))
      << "reconciler schema --host > manifests/host-schema.json";
}

TEST(Schema, EveryKeyHasASentence) {
  const auto check_shape = [](auto&& self, const Shape& shape, int depth) -> void {
    if (depth > 8) return;
    for (const auto& key : shape.keys) {
      EXPECT_GE(key.sentence.size(), 5U) << key.name;
      EXPECT_FALSE(key.shape->wanted.empty()) << key.name;
      self(self, *key.shape, depth + 1);
    }
    if (shape.items) self(self, *shape.items, depth + 1);
    if (shape.values) self(self, *shape.values, depth + 1);
  };
  for (const Shape* shape : {&manifest_shape(), &host_shape()}) check_shape(check_shape, *shape, 0);
}

TEST(Schema, TheReferenceShowsEveryKey) {
  for (const auto& [shape, file] :
       {std::pair{&manifest_shape(), "reference.yaml"}, {&host_shape(), "host-reference.yaml"}}) {
    std::vector<std::string> keys;
    collect(*shape, "", keys);
    const std::string text = text_of(file);
    for (const auto& key : keys) {
      const std::string name = key.substr(key.rfind('.') + 1);
      // What stands under a key that the reference leaves empty is still to come.
      const bool open = key.starts_with("trust.") || key.starts_with("hosts.") ||
                        key.starts_with("notify.") || key.starts_with("listen.");
      EXPECT_TRUE(open || text.find(name) != std::string::npos) << file << " " << key;
    }
  }
}

TEST(Schema, TheReferenceIsRefusedForWhatIsNotYetDoneAlone) {
  const auto manifest = parse_document("reference.yaml", text_of("reference.yaml"));
  ASSERT_TRUE(manifest) << render(manifest.error());
  EXPECT_EQ(keys_refused(check(*manifest, manifest_shape())), "promote\nwindow\n");
  const auto host = parse_document("host-reference.yaml", text_of("host-reference.yaml"));
  ASSERT_TRUE(host) << render(host.error());
  EXPECT_EQ(keys_refused(check(*host, host_shape())), "bundles\n");
}

TEST(Schema, SaysOfAKeyThatIsNotYetDoneWhatToDo) {
  Files files;
  files.write("app/reconciler.yaml", "images: load\n");
  files.write("app/environments/production.yaml", "tag: v1\nwindow: { days: Mon }\n");
  EXPECT_EQ(
      files.validate(),
      "app/environments/production.yaml:2:1: error manifest.not_yet: window is not done by "
      "this version yet\n"
      "    2 | window: { days: Mon }\n"
      "      | ^^^^^^ take it out until it is\n"
      "app/reconciler.yaml:1:9: error manifest.not_yet: images: load is not done by this version "
      "yet\n"
      "    1 | images: load\n"
      "      |         ^^^^ take it out until it is\n");
}

TEST(Schema, WhatDoesNothingIsTaken) {
  Files files;
  files.write("app/reconciler.yaml",
              "switch: { remove_orphans: false, protect: [] }\ndrift: heal\npreflight: []\n"
              "irreversible: []\nbackup: {}\nimages: { also: [] }\n");
  files.write("app/environments/production.yaml",
              "tag: v1\npromote: {}\nbackup: null\nwindow: null\n");
  EXPECT_EQ(files.validate(), "");
}

TEST(Schema, WhatIsNotYetDoneIsStillChecked) {
  Files files;
  files.write("app/reconciler.yaml", "name: app\n");
  files.write("app/environments/production.yaml", "tag: v1\npromote: { from: stage, soak: 30 }\n");
  EXPECT_EQ(files.validate(),
            "app/environments/production.yaml:2:1: error manifest.not_yet: promote is not done by "
            "this version yet\n"
            "    2 | promote: { from: stage, soak: 30 }\n"
            "      | ^^^^^^^ take it out until it is\n"
            "app/environments/production.yaml:2:31: error duration.invalid: \"30\" has no unit\n"
            "    2 | promote: { from: stage, soak: 30 }\n"
            "      |                               ^^ write 30s, 30m or 30h\n");
}

TEST(Schema, TheReferenceWithoutThatIsTaken) {
  std::string text = text_of("reference.yaml");
  const auto take_line = [&](const std::string& begins) {
    const auto at = text.find("\n" + begins);
    ASSERT_NE(at, std::string::npos) << begins;
    text.erase(at, text.find('\n', at + 1) - at);
  };
  for (const char* line : {"  also:", "preflight:", "  - { name: one-head", "backup:", "restore:",
                           "irreversible:", "  watch:", "    promote:", "    window:"})
    take_line(line);
  Files files;
  files.write("somewhere/reconciler.yaml", text);
  EXPECT_EQ(files.validate(), "");
  const EnvironmentSpec spec = files.environment();
  EXPECT_EQ(spec.id.text(), "portfolio/production");
  EXPECT_EQ(spec.host, "local");
}

TEST(Schema, ExamplesAreTaken) {
  // Each is a config repository of its own.
  for (const char* example : {"portfolio", "portfolio-compose", "epsm"}) {
    const auto read = read_manifests(std::string(MANIFESTS) + "/" + example, example);
    ASSERT_TRUE(read) << example;
    EXPECT_EQ(read->environments.size(), 1U) << example;
    for (const auto& e : read->mistakes()) ADD_FAILURE() << render(e);
  }
}

}  // namespace
}  // namespace reconciler
