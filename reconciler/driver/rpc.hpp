// JSON-RPC 2.0, a message a line, as drivers in other processes speak it (README.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"

namespace reconciler::rpc {

/// No message is longer, in either direction.
constexpr size_t longest_line = 16U << 20U;

/// One message with its line end. Bytes that are no UTF-8 (a task's output) become `?`, so that
/// the other side can always parse it.
std::string request(std::int64_t id, std::string_view method, Json params);
std::string notification(std::string_view method, Json params);
std::string answer(std::int64_t id, Json result);
std::string refusal(std::int64_t id, const Error& why);

/// A message as it was read. Exactly one of method, result and error is there.
struct Message {
  std::optional<std::int64_t> id;  ///< none: a notification
  std::string method;              ///< of a request or notification
  Json params;
  std::optional<Json> result;
  std::optional<Error> error;
};

/// `driver.protocol` for what is no JSON-RPC 2.0 message.
Result<Message> parse(std::string_view line);

/// Bytes to lines.
class Lines {
 public:
  /// `driver.output_limit` once a line has grown past the longest.
  Status add(std::string_view bytes);
  std::optional<std::string> next();

 private:
  std::string rest_;
  size_t looked_ = 0;  // no line end before this
};

}  // namespace reconciler::rpc
