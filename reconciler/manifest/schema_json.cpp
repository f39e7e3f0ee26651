// The JSON Schema that the table amounts to.
#include <fmt/format.h>

#include <charconv>

#include "reconciler/manifest/schema.hpp"

namespace reconciler {
namespace {

constexpr std::string_view draft = "https://json-schema.org/draft/2020-12/schema";
constexpr std::string_view duration_pattern = "^([0-9]+(ms|s|m|h|d))+$";

class Writer {
 public:
  /// `nulls`: every key may also be null, which takes an inherited one away.
  explicit Writer(bool nulls) : nulls_(nulls) {}

  JsonObject shape(const Shape& shape) const {
    JsonArray forms;
    if (shape.scalar != Shape::Scalar::none) scalar(shape, forms);
    if (shape.items)
      forms.push_back(JsonObject{{"type", "array"}, {"items", Writer(false).shape(*shape.items)}});
    if (shape.values)
      forms.push_back(JsonObject{{"type", "object"}, {"additionalProperties", values(shape)}});
    else if (!shape.keys.empty())
      forms.push_back(members(shape));
    if (forms.size() == 1) return forms.front().as_object();
    return JsonObject{{"anyOf", std::move(forms)}};
  }

 private:
  JsonObject values(const Shape& outer) const {
    // What stands under `environments` is a layer of its own, as a file of environments/ is.
    const bool layer = outer.values == &environment_shape();
    return layer ? JsonObject{{"$ref", "#/$defs/environment"}} : or_null(shape(*outer.values));
  }

  JsonObject or_null(JsonObject one) const {
    if (!nulls_) return one;
    return JsonObject{{"anyOf", JsonArray{std::move(one), JsonObject{{"type", "null"}}}}};
  }

  JsonObject members(const Shape& shape) const {
    JsonObject properties;
    for (const auto& key : shape.keys) properties[key.name] = property(key);
    return JsonObject{
        {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  }

  JsonObject property(const Key& key) const {
    std::string sentence = key.sentence;
    const bool in_words = key.fallback.starts_with('(');
    if (in_words)
      sentence += fmt::format(" Left out: {}.", key.fallback.substr(1, key.fallback.size() - 2));
    if (key.state == Key::State::not_yet) sentence += " Not done by this version yet.";
    JsonObject out{{"title", key.name}, {"description", sentence}};
    if (!key.fallback.empty() && !in_words) out["default"] = fallback(key);
    for (auto& [name, value] : key.stays ? shape(*key.shape) : or_null(shape(*key.shape)))
      out[name] = value;
    return out;
  }

  static Json fallback(const Key& key) {
    const std::string& text = key.fallback;
    if (text == "[]") return JsonArray{};
    if (text == "{}") return JsonObject{};
    if (key.shape->scalar == Shape::Scalar::truth) return text == "true";
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (key.shape->scalar == Shape::Scalar::integer && read.ec == std::errc{}) return number;
    return Json(text);
  }

  static JsonArray words(const Shape& shape) {
    JsonArray out;
    for (const auto& word : shape.words) out.push_back(Json(word));
    return out;
  }

  static void scalar(const Shape& shape, JsonArray& forms) {
    switch (shape.scalar) {
      case Shape::Scalar::none:
        return;
      case Shape::Scalar::text:  // `1.10` and `true` are text to us, not to an editor
        forms.push_back(JsonObject{{"type", JsonArray{"string", "number", "boolean"}}});
        return;
      case Shape::Scalar::integer:
        forms.push_back(
            JsonObject{{"type", "integer"}, {"minimum", shape.least}, {"maximum", shape.most}});
        if (!shape.words.empty()) forms.push_back(JsonObject{{"enum", words(shape)}});
        return;
      case Shape::Scalar::truth:
        forms.push_back(JsonObject{{"type", "boolean"}});
        return;
      case Shape::Scalar::duration:
        forms.push_back(JsonObject{{"type", "string"}, {"pattern", duration_pattern}});
        return;
      case Shape::Scalar::word:
        forms.push_back(JsonObject{{"enum", words(shape)}});
        return;
    }
  }

  bool nulls_;
};

Json whole(const Shape& shape, std::string_view title, std::string_view description) {
  JsonObject out{{"$schema", draft}, {"title", title}, {"description", description}};
  for (auto& [name, value] : Writer(false).shape(shape)) out[name] = value;
  return out;
}

void write(const Json& value, size_t depth, std::string& out) {
  const std::string inner(2 * depth + 2, ' ');
  const std::string outer(2 * depth, ' ');
  if (value.is_object() && !value.get_object().empty()) {
    std::string_view between = "{\n";
    for (const auto& [name, one] : value.get_object()) {
      out += fmt::format("{}{}{}: ", between, inner, boost::json::serialize(Json(name)));
      write(one, depth + 1, out);
      between = ",\n";
    }
    out += fmt::format("\n{}}}", outer);
  } else if (value.is_array() && !value.get_array().empty() &&
             !value.get_array().front().is_primitive()) {
    std::string_view between = "[\n";
    for (const auto& one : value.get_array()) {
      out += fmt::format("{}{}", between, inner);
      write(one, depth + 1, out);
      between = ",\n";
    }
    out += fmt::format("\n{}]", outer);
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

Json manifest_schema() {
  Json out = whole(manifest_shape(), "reconciler.yaml",
                   "How one application is built, released, switched and checked.");
  out.as_object()["$defs"] = JsonObject{{"environment", Writer(true).shape(environment_shape())}};
  return out;
}

Json host_schema() {
  return whole(host_shape(), "host.yaml",
               "What the owner of a machine decides, never a repository.");
}

std::string schema_text(const Json& schema) {
  std::string out;
  write(schema, 0, out);
  return out + "\n";
}

}  // namespace reconciler
