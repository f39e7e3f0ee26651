// Shapes that both tables are made of.
#pragma once

#include <string>
#include <vector>

#include "reconciler/manifest/schema.hpp"

namespace reconciler::shapes {

const Shape& text();
const Shape& texts();      ///< a list of text, or one text alone
const Shape& text_list();  ///< a list of text
const Shape& text_map();   ///< names of one's own, each with a text
const Shape& truth();
const Shape& duration();
Shape integer(std::int64_t least, std::int64_t most, std::vector<std::string> words = {});
Shape word(std::vector<std::string> words, std::vector<std::string> later = {});
Shape list_of(const Shape& items, std::string wanted);
Shape map_of(const Shape& values, std::string wanted);
Shape keys(std::vector<Key> keys, std::string wanted = "keys and values", std::string noun = "");

inline constexpr auto now = Key::State::now;
inline constexpr auto not_yet = Key::State::not_yet;

}  // namespace reconciler::shapes
