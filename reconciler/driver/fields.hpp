// Reading an object member by member, gathering the first thing that is wrong.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::wire {

class Fields;
template <class E>
struct Words;  ///< specialised in words.hpp: the words of an enumeration

class Fields {
 public:
  /// `what` is the type's name, for the message.
  Fields(const Json& from, std::string_view what) : what_(what), object_(from.if_object()) {
    if (!object_) wrong("", "is not an object");
  }

  void text(std::string_view name, std::string& into) {
    if (const Json* found = need(name)) put_text(name, *found, into);
  }
  void truth(std::string_view name, bool& into) {
    const Json* found = need(name);
    if (!found) return;
    if (found->is_bool())
      into = found->get_bool();
    else
      wrong(name, "is neither true nor false");
  }
  void number(std::string_view name, std::int64_t& into) {
    const Json* found = need(name);
    if (!found) return;
    if (found->is_int64())
      into = found->get_int64();
    else
      wrong(name, "is not a whole number");
  }
  void json(std::string_view name, Json& into) {
    if (const Json* found = need(name)) into = *found;
  }
  void optional_text(std::string_view name, std::optional<std::string>& into) {
    if (const Json* found = find(name)) put_text(name, *found, into.emplace());
  }
  void texts(std::string_view name, std::vector<std::string>& into) {
    const JsonArray* array = list(name);
    if (!array) return;
    for (const auto& item : *array) put_text(name, item, into.emplace_back());
  }
  void text_map(std::string_view name, std::map<std::string, std::string>& into) {
    const JsonObject* map = object(name);
    if (!map) return;
    for (const auto& [key, value] : *map) put_text(name, value, into[std::string(key)]);
  }
  template <class T>
  void value(std::string_view name, T& into) {
    if (const Json* found = need(name)) take(read(*found, into));
  }
  template <class T>
  void optional_value(std::string_view name, std::optional<T>& into) {
    if (const Json* found = find(name)) take(read(*found, into.emplace()));
  }
  template <class T>
  void values(std::string_view name, std::vector<T>& into) {
    const JsonArray* array = list(name);
    if (!array) return;
    for (const auto& item : *array) take(read(item, into.emplace_back()));
  }
  /// One that was not there yet when it was written, or that may be left out.
  template <class T>
  void optional_values(std::string_view name, std::vector<T>& into) {
    if (find(name)) values(name, into);
  }
  template <class T>
  void value_set(std::string_view name, std::set<T>& into) {
    std::vector<T> all;
    values(name, all);
    into.insert(all.begin(), all.end());
  }
  template <class E>
  void word(std::string_view name, E& into) {
    std::string text;
    this->text(name, text);
    if (!wrong_ && !Words<E>::parse(text, into))
      wrong(name, fmt::format("has no word \"{}\"", text));
  }

  const JsonObject* object(std::string_view name) {
    const Json* found = need(name);
    if (found && !found->is_object()) wrong(name, "is not an object");
    return found ? found->if_object() : nullptr;
  }
  void wrong(std::string_view name, std::string_view rule) {
    if (wrong_) return;
    const std::string field = name.empty() ? std::string(what_) : fmt::format("{}.{}", what_, name);
    wrong_ = error("driver.protocol", fmt::format("{} {}", field, rule));
  }
  void take(Status status) {
    if (!status && !wrong_) wrong_ = std::move(status.error());
  }
  Status done() {
    if (wrong_) return failure(std::move(*wrong_));
    return {};
  }

 private:
  /// Missing and null are the same.
  const Json* find(std::string_view name) const {
    if (!object_) return nullptr;
    const Json* found = object_->if_contains(boost::json::string_view(name.data(), name.size()));
    return found && !found->is_null() ? found : nullptr;
  }
  const Json* need(std::string_view name) {
    if (!object_) return nullptr;
    const Json* found = object_->if_contains(boost::json::string_view(name.data(), name.size()));
    if (!found) wrong(name, "is missing");
    return found;
  }
  const JsonArray* list(std::string_view name) {
    const Json* found = need(name);
    if (found && !found->is_array()) wrong(name, "is not a list");
    return found ? found->if_array() : nullptr;
  }
  void put_text(std::string_view name, const Json& from, std::string& into) {
    if (from.is_string())
      into = std::string(from.get_string());
    else
      wrong(name, "is not a text");
  }

  std::string_view what_;
  const JsonObject* object_;
  std::optional<Error> wrong_;
};

}  // namespace reconciler::wire
