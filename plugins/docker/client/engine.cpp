#include "plugins/docker/client/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {

namespace {

/// What is wrong with an answer to `path`, without its query: of another shape than what was asked
/// for it would read as "there is none of them". Nothing where it is right.
std::string_view fault_of(std::string_view path, const Json& body) {
  const auto has = [](const Json& one, std::string_view name) {
    return !text_at(one, name).empty();
  };
  if (path == "/containers/json" || path == "/images/json" || path == "/networks") {
    if (!body.is_array()) return "no list";
    const bool all =
        std::ranges::all_of(body.get_array(), [&](const Json& entry) { return has(entry, "Id"); });
    return all ? "" : "a list of what has no Id";
  }
  if (!body.is_object()) return "no object";
  if (path == "/volumes") return member(body, "Volumes") ? "" : "no list";
  if (path.starts_with("/volumes/")) return has(body, "Name") ? "" : "no volume";
  const bool has_id = (path.starts_with("/containers/") && path.ends_with("/json")) ||
                      (path.starts_with("/images/") && path.ends_with("/json")) ||
                      path.starts_with("/networks/");
  return !has_id || has(body, "Id") ? "" : "without an Id";
}

}  // namespace

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
  const std::string asked = path.substr(0, path.find('?'));
  const std::string_view fault =
      answer->body.is_null() && !answer->text.empty() ? "not JSON" : fault_of(asked, answer->body);
  if (!fault.empty())
    return failure(
        error("docker.protocol", fmt::format("the Engine's answer to GET {} is {}", asked, fault)));
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
