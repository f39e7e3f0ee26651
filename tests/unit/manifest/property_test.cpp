// Whatever the bytes are, the readers end, and end with a value or an error that can be shown.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "reconciler/base/expression.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/env_file.hpp"
#include "reconciler/manifest/environment.hpp"
#include "reconciler/manifest/layers.hpp"
#include "reconciler/manifest/schema.hpp"

namespace reconciler {
namespace {

/// Text that looks enough like YAML to get somewhere.
rc::Gen<std::string> yaml_like() {
  static const std::vector<std::string> tokens{
      "a",         "b: ",     "- ",          "? ",       "\n",         "\n  ",
      "\n    ",    "{",       "}",           "[",        "]",          ",",
      ": ",        "\"",      "'",           "&x ",      "*x",         "!!str ",
      "|\n",       ">\n",     "#",           "---\n",    "...\n",      "%",
      "<<: ",      "é",       "\t",          "name: ",   "verify: ",   "checks: ",
      "release: ", "run: ",   "exec: ",      "http://x", "tag: v1",    "environments: ",
      "compose: ", "files: ", "variables: ", "set: ",    "required: ", "null",
      "~",         "12",      "${A}",        "images: ", "build: ",    "keep: "};
  return rc::gen::map(
      rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, tokens.size())),
      [](const std::vector<size_t>& picks) {
        std::string out;
        for (const size_t pick : picks) out += tokens[pick];
        return out;
      });
}

/// All of the way from text to a specification; true when something was said or made.
void read_all(const std::string& text) {
  const auto document = parse_document("m.yaml", text);
  if (!document) {
    RC_ASSERT(!document.error().code.empty());
    RC_ASSERT(!render(document.error()).empty());
    return;
  }
  for (const auto& [shape, nulls] : {std::pair{&manifest_shape(), Nulls::refused},
                                     std::pair{&environment_shape(), Nulls::take_away},
                                     std::pair{&host_shape(), Nulls::refused}})
    for (const auto& mistake : check(*document, *shape, nulls)) {
      RC_ASSERT(mistake.place.line > 0);
      RC_ASSERT(!render(mistake).empty());
    }
  std::vector<Error> mistakes;
  const Value merged = merge(long_form(*document), long_form(*document));
  const auto spec = read_environment({"app", "production"}, "app", merged, mistakes);
  RC_ASSERT(spec.sections.is_object());
}

RC_GTEST_PROP(ManifestProperty, AnyBytesEndInAValueOrAnError, (const std::string& text)) {
  read_all(text);
}

RC_GTEST_PROP(ManifestProperty, AnythingLikeYamlEndsInAValueOrAnError, ()) {
  read_all(*yaml_like());
}

RC_GTEST_PROP(ManifestProperty, AnyEnvFileEndsInAValueOrAnError, (const std::string& text)) {
  const auto entries =
      parse_env_file(".env", text, [](const std::string&) { return std::optional<std::string>(); });
  if (!entries) RC_ASSERT(!render(entries.error()).empty());
}

RC_GTEST_PROP(ManifestProperty, AnyExpressionEndsInAValueOrAnError,
              (const std::string& expression, const std::string& text)) {
  const auto compiled = Expression::compile(expression);
  if (compiled && compiled->matches(text)) RC_ASSERT(compiled->found_in(text));
}

RC_GTEST_PROP(ManifestProperty, WhatIsPutOverItselfStaysAsItIs, ()) {
  const auto document = parse_document("m.yaml", "a: {b: [c, d], e: f}\ng: h\n");
  RC_ASSERT(document.has_value());
  const Value twice = merge(*document, *document);
  RC_ASSERT(twice.members.size() == document->members.size());
  RC_ASSERT(twice.find("a")->find("b")->items.size() == 2U);
}

}  // namespace
}  // namespace reconciler
