#include "reconciler/base/json.hpp"

#include <algorithm>

#include "reconciler/base/one_piece.hpp"

namespace reconciler {
namespace {

void write_canonical(const Json& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    std::vector<std::string_view> keys;
    keys.reserve(object->size());
    for (const auto& pair : *object) keys.emplace_back(pair.key());
    std::sort(keys.begin(), keys.end());
    out += '{';
    bool first = true;
    for (const auto key : keys) {
      if (!first) out += ',';
      first = false;
      out += boost::json::serialize(boost::json::string_view(key.data(), key.size()));
      out += ':';
      write_canonical(object->at(boost::json::string_view(key.data(), key.size())), out);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    bool first = true;
    for (const auto& item : *array) {
      if (!first) out += ',';
      first = false;
      write_canonical(item, out);
    }
    out += ']';
  } else if (value.is_uint64()) {
    out += std::to_string(value.get_uint64());  // 1 and 1u are the same number
  } else {
    out += boost::json::serialize(value);
  }
}

Result<Json> parse_into(boost::json::storage_ptr storage, std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::system::error_code ec;
  Json value = boost::json::parse(boost::json::string_view(text.data(), text.size()), ec,
                                  std::move(storage), options);
  if (ec) return failure(error("json.syntax", "not JSON: " + ec.message()));
  return value;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  return parse_into({}, text);
}

Result<Json> parse_in_one_piece(std::string_view text) {
  // Numbers and short texts take more room than they are written in: twice is seldom too little.
  const auto blocks = std::make_shared<Blocks>(2 * text.size() + 64);
  auto value = parse_into(boost::json::make_shared_resource<OnePiece>(blocks), text);
  blocks->close();
  return value;
}

std::string canonical(const Json& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

bool same(const Json& a, const Json& b) {
  return a == b || canonical(a) == canonical(b);
}

const Json* member(const Json& value, std::string_view name) {
  const auto* object = value.if_object();
  return object ? object->if_contains(boost::json::string_view(name.data(), name.size())) : nullptr;
}

const Json& member_or_null(const Json& value, std::string_view name) {
  static const Json nothing;
  const Json* found = member(value, name);
  return found ? *found : nothing;
}

std::string text_at(const Json& value, std::string_view name, std::string_view fallback) {
  const auto* found = member(value, name);
  if (!found || !found->is_string()) return std::string(fallback);
  return std::string(found->get_string());
}

std::int64_t number_at(const Json& value, std::string_view name, std::int64_t fallback) {
  const auto* found = member(value, name);
  if (!found) return fallback;
  if (found->is_int64()) return found->get_int64();
  if (found->is_uint64()) return static_cast<std::int64_t>(found->get_uint64());
  if (found->is_double()) return static_cast<std::int64_t>(found->get_double());
  return fallback;
}

bool truth_at(const Json& value, std::string_view name, bool fallback) {
  const auto* found = member(value, name);
  return found && found->is_bool() ? found->get_bool() : fallback;
}

std::vector<std::string> texts_at(const Json& value, std::string_view name) {
  std::vector<std::string> out;
  const auto* found = member(value, name);
  if (found && found->is_array())
    for (const auto& item : found->get_array())
      if (item.is_string()) out.emplace_back(item.get_string());
  return out;
}

std::map<std::string, std::string> text_map_at(const Json& value, std::string_view name) {
  std::map<std::string, std::string> out;
  if (const auto* all = member_or_null(value, name).if_object())
    for (const auto& pair : *all)
      if (pair.value().is_string())
        out[std::string(pair.key())] = std::string(pair.value().get_string());
  return out;
}

JsonObject to_json(const std::map<std::string, std::string>& texts) {
  JsonObject out;
  for (const auto& [key, value] : texts) out[key] = value;
  return out;
}

JsonArray to_json(const std::vector<std::string>& texts) {
  JsonArray out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

}  // namespace reconciler
