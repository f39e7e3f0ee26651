// `${NAME}` in the texts that drivers fill in.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "reconciler/base/expand.hpp"

namespace reconciler {
namespace {

const std::map<std::string, Secret> values{
    {"TAG", Secret("v1")}, {"A_1", Secret("$${TAG}")}, {"EMPTY", Secret("")}};

const Secret* look_up(std::string_view name) {
  const auto found = values.find(std::string(name));
  return found == values.end() ? nullptr : &found->second;
}

std::string filled(std::string_view text) {
  const auto out = fill(text, look_up);
  return out ? out->reveal() : render(out.error());
}

TEST(Expand, NamesAreFilledInOnce) {
  EXPECT_EQ(filled("a ${TAG}${TAG}-${A_1}${EMPTY}."), "a v1v1-$${TAG}.");
  EXPECT_EQ(filled(""), "");
}

TEST(Expand, OtherDollarsStay) {
  EXPECT_EQ(filled("$TAG $$ $ 5$ $${TAG}"), "$TAG $$ $ 5$ ${TAG}");
}

TEST(Expand, WhatIsNoNameIsSaid) {
  const std::string rule =
      " is no variable: only ${NAME} is filled in here\n  next  a literal ${ is written $${\n";
  EXPECT_EQ(filled("x ${TAG:-1} y"), "error variables.syntax: \"${TAG:-1}\"" + rule);
  EXPECT_EQ(filled("${"), "error variables.syntax: \"${\"" + rule);
  EXPECT_EQ(filled("${}"), "error variables.syntax: \"${}\"" + rule);
}

TEST(Expand, AllUnknownNamesAtOnce) {
  EXPECT_EQ(filled("${ONE} ${TAG} ${TWO}"),
            "error variables.unknown: there is no variable \"ONE\"\n"
            "  next  add it to an env file, or to `set`\n"
            "error variables.unknown: there is no variable \"TWO\"\n"
            "  next  add it to an env file, or to `set`\n");
}

TEST(Expand, PlaceholdersAreNamed) {
  EXPECT_THAT(*placeholders("${B} ${A} ${B} $${C}"), testing::ElementsAre("A", "B"));
  EXPECT_EQ(placeholders("${").error().code, "variables.syntax");
}

TEST(Expand, ATextThatGrowsTooLargeIsRefused) {
  const Secret large(std::string(100'000, 'x'));
  const auto out = fill("${A}${A}", [&](std::string_view) { return &large; });
  EXPECT_EQ(
      render(out.error()),
      "error variables.too_large: a text has more than 128 KiB with its variables filled in\n");
}

RC_GTEST_PROP(ExpandProperty, AnythingIsTakenOrRefused, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('$', '{', '}', 'A', ' '));
  const Secret value("v");
  const auto out = fill(text, [&](std::string_view) { return &value; });
  RC_ASSERT(out.has_value() == placeholders(text).has_value());
}

}  // namespace
}  // namespace reconciler
