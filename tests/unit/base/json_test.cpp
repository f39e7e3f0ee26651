// Values of a document that was parsed in one piece live as long as any others, and apart.
#include "reconciler/base/json.hpp"

#include <gtest/gtest.h>

#include "reconciler/base/parallel.hpp"

namespace reconciler {
namespace {

constexpr const char* document =
    R"({"long": "more than fits into a value itself", "list": [1, -2, 2.5, true, null, "ä\n"], "in": {"a": {"b": ["x"]}}})";

TEST(ParseInOnePiece, IsWhatParsingIs) {
  for (const char* text : {document, "null", "[]", "{}", R"("")", "17", R"({"a":1,"a":2})"})
    EXPECT_EQ(canonical(*parse_in_one_piece(text)), canonical(*parse_json(text))) << text;
  for (const std::string& text : {std::string(), std::string("{"), std::string("1 2"),
                                  std::string(65, '[') + std::string(65, ']')}) {
    const auto value = parse_in_one_piece(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, "json.syntax");
  }
}

TEST(ParseInOnePiece, APartOutlivesTheWhole) {
  auto whole = std::make_unique<Json>(std::move(*parse_in_one_piece(document)));
  const Json moved(std::move(whole->as_object()["in"]));
  const Json copied = whole->at("long");
  Json assigned;
  assigned = whole->at("list");
  whole.reset();
  EXPECT_EQ(canonical(moved), R"({"a":{"b":["x"]}})");
  EXPECT_EQ(copied, Json("more than fits into a value itself"));
  EXPECT_EQ(assigned.as_array().size(), 6U);
}

TEST(ParseInOnePiece, ItCanBeChangedLikeAnyOther) {
  Json value(std::move(*parse_in_one_piece(document)));
  auto& list = value.as_object()["list"].as_array();
  for (int i = 0; i < 1000; ++i) list.push_back(Json(std::string(100, 'x')));
  list.erase(list.begin(), list.begin() + 500);
  value.as_object().erase("in");
  value.as_object()["long"] = "short";
  EXPECT_EQ(canonical(*parse_json(canonical(value))), canonical(value));
}

/// Whoever copies a value of a document allocates from what the document lies in.
TEST(ParseInOnePiece, ManyThreadsMayCopyItsValues) {
  std::string text = "[";
  for (int i = 0; i < 200; ++i)
    text += (i ? ",\"" : "\"") + std::string(100, static_cast<char>('a' + i % 26)) + '"';
  const Json whole(std::move(*parse_in_one_piece(text + "]")));
  const auto copied = in_parallel(4, 4, [&](size_t) -> Status {
    for (int round = 0; round < 50; ++round) {
      std::vector<Json> copies;
      for (const Json& value : whole.as_array()) copies.push_back(value);
      for (size_t i = 0; i < copies.size(); ++i)
        if (copies[i] != whole.as_array()[i])
          return failure(error("test.mixed", "two copies share their memory"));
    }
    return {};
  });
  EXPECT_TRUE(copied) << render(copied.error());
}

}  // namespace
}  // namespace reconciler
