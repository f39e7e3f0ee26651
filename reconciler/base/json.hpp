// JSON as the seams speak it: Boost.JSON, with the few readers that keep callers free of
// exceptions.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

/// Parses one document; bounded in depth (64). `json.syntax` on anything else, never an exception.
Result<Json> parse_json(std::string_view text);
/// The same for what is large, and read more than changed: it lies in one piece of memory, which is
/// freed when the last of its values, and of their copies, is gone. One that is moved into a new
/// value goes on to lie there; copies, and what is changed, lie in memory of their own. Values may
/// be copied by several threads.
Result<Json> parse_in_one_piece(std::string_view text);

/// The one spelling of a value: keys sorted, no white space. Equal values, equal bytes.
std::string canonical(const Json& value);
/// Whether they are one value in canonical form.
bool same(const Json& a, const Json& b);

/// The member of an object, or nullptr when `value` is no object or has none of that name.
const Json* member(const Json& value, std::string_view name);
/// The same, with null for nothing.
const Json& member_or_null(const Json& value, std::string_view name);
/// Text, number, truth at `name`; the fallback where it is missing or of another type.
std::string text_at(const Json& value, std::string_view name, std::string_view fallback = "");
std::int64_t number_at(const Json& value, std::string_view name, std::int64_t fallback = 0);
bool truth_at(const Json& value, std::string_view name, bool fallback = false);
/// The strings of the array at `name`; anything else in it is passed over.
std::vector<std::string> texts_at(const Json& value, std::string_view name);
/// The texts of an object, by their names; what is no text is left out.
std::map<std::string, std::string> text_map_at(const Json& value, std::string_view name);
/// An array of strings.
JsonArray to_json(const std::vector<std::string>& texts);
/// What text_map_at() reads.
JsonObject to_json(const std::map<std::string, std::string>& texts);

}  // namespace reconciler
