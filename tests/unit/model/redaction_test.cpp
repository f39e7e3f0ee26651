#include "reconciler/model/redaction.hpp"

#include <gtest/gtest.h>

#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

Variables variables() {
  Variables v;
  v["LONG"] = {Secret("hunter2-and-more"), "", true};
  v["PASS"] = {Secret("hunter2"), "", true};
  v["TAG"] = {Secret("v1.2.3"), "", false};
  v["PIN"] = {Secret("12"), "", true};
  v["PORT"] = {Secret("8080"), "", true};
  v["DEBUG"] = {Secret("True"), "", true};
  v["KEY"] = {Secret("-- begin --\nabcdef\n-- end --\n"), "", true};
  return v;
}

TEST(Redaction, HidesSecretsAndNothingElse) {
  const auto v = variables();
  const Redaction redaction(v);
  EXPECT_EQ(redaction.text("hunter2-and-more hunter2 v1.2.3 12 8080 True"),
            "‹LONG› ‹PASS› v1.2.3 12 8080 True");
  EXPECT_EQ(redaction.text("hunter2hunter2"), "‹PASS›‹PASS›");
}

TEST(Redaction, ANameMayHaveHadAnotherValue) {
  Redaction redaction(variables());
  EXPECT_EQ(redaction.text("hunter1-and-less"), "hunter1-and-less");
  Variables before;
  before["PASS"] = {Secret("hunter1"), "", true};
  redaction.hide(before);
  EXPECT_EQ(redaction.text("hunter1-and-less hunter2-and-more"), "‹PASS›-and-less ‹LONG›");
}

TEST(Redaction, HidesTheLinesOfAKeyThatAreSaidOneByOne) {
  const auto v = variables();
  const Redaction redaction(v);
  EXPECT_EQ(redaction.text("> abcdef"), "> ‹KEY›");
  EXPECT_EQ(redaction.text("-- begin --\nabcdef\n-- end --\n."), "‹KEY›.");
}

TEST(Redaction, HidesWhatIsLeftOfOneThatWasCutInTheMiddle) {
  const auto v = variables();
  const Redaction redaction(v);
  EXPECT_EQ(redaction.text(printable("it is hunter2", 11)), "it is ‹LONG›...");
  EXPECT_EQ(redaction.text("\"abcd...\" is cut, hunt... too"),
            "\"‹KEY›...\" is cut, ‹LONG›... too");
  EXPECT_EQ(redaction.text("a hunte, and so on..."), "a hunte, and so on...");
  Variables two;
  two["A"] = {Secret("cdefgh"), "", true};
  two["B"] = {Secret("abcdefgh"), "", true};
  EXPECT_EQ(Redaction(two).text("abcdef..."), "‹B›...") << "the longest of what may have been cut";
}

TEST(Redaction, ReachesEveryPartOfAnAnswer) {
  const auto v = variables();
  const Redaction redaction(v);
  const Json said = JsonObject{{"exit_code", 3}, {"lines", JsonArray{"a hunter2", "b"}}};
  EXPECT_EQ(boost::json::serialize(redaction.json(said)),
            R"({"exit_code":3,"lines":["a ‹PASS›","b"]})");
  Error why = error("a.b", "hunter2").with("said", "hunter2").next("hunter2");
  why.others.push_back(error("c.d", "hunter2"));
  EXPECT_EQ(render(redaction.error(why)).find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace reconciler
