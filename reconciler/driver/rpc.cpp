#include "reconciler/driver/rpc.hpp"

#include <fmt/format.h>

#include "reconciler/base/helper.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::rpc {
namespace {

/// How many bytes the UTF-8 character at `at` has; 0 where there is none.
size_t character_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t n) {
    return at + n < text.size() ? static_cast<unsigned char>(text[at + n]) : 0U;
  };
  const auto follows = [&](size_t n) { return (byte(n) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
  if (first >= 0xc2U && first <= 0xdfU) return follows(1) ? 2 : 0;
  if ((first & 0xf0U) == 0xe0U) {
    const bool well = follows(1) && follows(2) && (first != 0xe0U || byte(1) >= 0xa0U) &&
                      (first != 0xedU || byte(1) <= 0x9fU);
    return well ? 3 : 0;
  }
  if (first >= 0xf0U && first <= 0xf4U) {
    const bool well = follows(1) && follows(2) && follows(3) &&
                      (first != 0xf0U || byte(1) >= 0x90U) && (first != 0xf4U || byte(1) <= 0x8fU);
    return well ? 4 : 0;
  }
  return 0;
}

/// The structure of JSON is ASCII, so that only what stands in strings can change here.
std::string line_of(JsonObject message) {
  message["jsonrpc"] = "2.0";
  std::string text = boost::json::serialize(message);
  for (size_t at = 0; at < text.size();) {
    const size_t length = character_at(text, at);
    if (length == 0) text[at] = '?';
    at += length == 0 ? 1 : length;
  }
  text += '\n';
  return text;
}

tl::unexpected<Error> wrong(std::string_view what, std::string_view line) {
  return failure(error("driver.protocol", fmt::format("{}: {}", what, printable(line, 120))));
}

}  // namespace

std::string request(std::int64_t id, std::string_view method, Json params) {
  return line_of({{"id", id}, {"method", method}, {"params", std::move(params)}});
}

std::string notification(std::string_view method, Json params) {
  return line_of({{"method", method}, {"params", std::move(params)}});
}

std::string answer(std::int64_t id, Json result) {
  return line_of({{"id", id}, {"result", std::move(result)}});
}

std::string refusal(std::int64_t id, const Error& why) {
  // -32000: JSON-RPC's range for what a server defines; `data` says it all.
  return line_of({{"id", id},
                  {"error", JsonObject{{"code", -32000},
                                       {"message", why.message},
                                       {"data", reconciler::to_json(why)}}}});
}

Result<Message> parse(std::string_view line) {
  auto json = parse_json(line);
  if (!json) return wrong("not JSON", line);
  if (text_at(*json, "jsonrpc") != "2.0") return wrong("not JSON-RPC 2.0", line);
  Message message;
  if (const Json* id = member(*json, "id"); id && id->is_int64()) message.id = id->get_int64();
  message.method = text_at(*json, "method");
  if (const Json* params = member(*json, "params")) message.params = *params;
  if (const Json* result = member(*json, "result")) message.result = *result;
  if (const Json* e = member(*json, "error")) {
    const Json* data = member(*e, "data");
    message.error =
        data && data->is_object() && member(*data, "code")
            ? error_from_json(*data)
            : error("driver.protocol", text_at(*e, "message", "an error without a word"));
  }
  const int kinds =
      (message.method.empty() ? 0 : 1) + (message.result ? 1 : 0) + (message.error ? 1 : 0);
  if (kinds != 1 || (message.method.empty() && !message.id))
    return wrong("neither request, notification nor answer", line);
  return message;
}

Status Lines::add(std::string_view bytes) {
  rest_.append(bytes);
  if (rest_.size() > longest_line && rest_.find('\n', looked_) == std::string::npos)
    return failure(error("driver.output_limit",
                         fmt::format("a line is longer than {} MiB", longest_line >> 20U)));
  return {};
}

std::optional<std::string> Lines::next() {
  const auto end = rest_.find('\n', looked_);
  if (end == std::string::npos) {
    looked_ = rest_.size();
    return std::nullopt;
  }
  std::string line = rest_.substr(0, end);
  rest_.erase(0, end + 1);
  looked_ = 0;
  return line;
}

}  // namespace reconciler::rpc
