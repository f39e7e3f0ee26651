#include "plugins/docker/client/engine.hpp"

#include <fmt/format.h>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {

std::string url_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

std::string engine_message(const Answer& answer) {
  const std::string said = text_at(answer.body, "message");
  return printable(trim(said.empty() ? std::string_view(answer.text) : std::string_view(said)));
}

Error engine_error(const std::string& method, const std::string& path, const Answer& answer) {
  const char* code = answer.status == 404   ? "docker.not_found"
                     : answer.status == 409 ? "docker.conflict"
                                            : "docker.error";
  const std::string said = engine_message(answer);
  Error e =
      error(code, fmt::format("the Engine answers {} to {} {}{}{}", answer.status, method,
                              path.substr(0, path.find('?')), said.empty() ? "" : ": ", said));
  // 500 is also what the Engine says of many mistakes of ours; only 503 means "later".
  return answer.status == 503 ? std::move(e).passing() : std::move(e);
}

Result<Json> Engine::get(const std::string& path, Deadline deadline) {
  auto answer = call("GET", path, nullptr, deadline);
  if (!answer) return failed(answer);
  if (answer->status != 200) return failure(engine_error("GET", path, *answer));
  if (answer->body.is_null() && !answer->text.empty())
    return failure(error("docker.protocol", fmt::format("the Engine's answer to GET {} is not JSON",
                                                        path.substr(0, path.find('?')))));
  return std::move(answer->body);
}

Result<Json> Engine::change(const std::string& method, const std::string& path, const Json* body,
                            Deadline deadline, std::stop_token stop) {
  auto answer = call(method, path, body, deadline, std::move(stop));
  if (!answer) return failed(answer);
  const bool done = (answer->status >= 200 && answer->status < 300) || answer->status == 304;
  if (!done) return failure(engine_error(method, path, *answer));
  return std::move(answer->body);
}

Status Engine::start(const std::string& id, Deadline deadline) {
  for (int left = 2;; --left) {
    auto done = change("POST", "/containers/" + id + "/start", nullptr, deadline);
    if (done) return {};
    const bool name_taken =
        done.error().message.find("pair interfaces: file exists") != std::string::npos;
    if (!name_taken || left == 0) return failed(done);
  }
}

}  // namespace reconciler::docker
