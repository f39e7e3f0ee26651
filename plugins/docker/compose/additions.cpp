#include "plugins/docker/compose/additions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace reconciler::docker {
namespace {

const Json& service_of(const Json& resolved, const std::string& service) {
  return member_or_null(member_or_null(resolved, "services"), service);
}

/// `config` writes every `$` twice, so that it may be read again.
std::string without_doubled_dollars(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text.substr(i, 2) == "$$") ++i;
  }
  return out;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// 2.26 writes a number, 2.40 octal text.
std::optional<std::uint32_t> mode_of(const Json& reference) {
  const Json* mode = member(reference, "mode");
  if (!mode || mode->is_null()) return 0444;
  if (mode->is_string()) return number<std::uint32_t>(text_at(reference, "mode"), 8);
  return static_cast<std::uint32_t>(number_at(reference, "mode"));
}

std::optional<std::int64_t> owner(const Json& reference, std::string_view field) {
  const auto text = text_at(reference, field);
  return text.empty() ? 0 : number<std::int64_t>(text, 10);
}

std::string target_of(const Json& reference, bool secret) {
  const auto target = text_at(reference, "target");
  const std::string folder = secret ? "/run/secrets/" : "/";
  if (target.empty()) return folder + text_at(reference, "source");
  return target.starts_with('/') ? target : folder + target;
}

class Contents {
 public:
  Contents(const Json& resolved, const std::string& service, const Variables& variables,
           const Stack& stack)
      : resolved_(resolved), service_(service), variables_(variables), stack_(stack) {}

  Result<std::vector<ArchivedFile>> run() {
    for (const char* kind : {"configs", "secrets"})
      if (const Json& list = member_or_null(service_of(resolved_, service_), kind); list.is_array())
        for (const Json& reference : list.get_array()) add(kind, reference);
    if (!files_.empty() && truth_at(service_of(resolved_, service_), "read_only"))
      errors_.push_back(
          error("compose.unsupported",
                fmt::format("{} has a read-only root: {} cannot be copied into it", service_,
                            files_.front().path))
              .at(stack_.place({"services", service_, "read_only"}))
              .next("write it as a file of the repository: configs and secrets with `file:` are "
                    "mounted"));
    if (!errors_.empty()) return failure(gather(std::move(errors_)));
    std::ranges::sort(files_, {}, &ArchivedFile::path);
    return std::move(files_);
  }

 private:
  void add(const char* kind, const Json& reference) {
    const auto source = text_at(reference, "source");
    const Json& definition = member_or_null(member_or_null(resolved_, kind), source);
    const auto content = content_of(kind, source, definition);
    if (!content || content->empty()) return;
    const auto mode = mode_of(reference);
    const auto uid = owner(reference, "uid");
    const auto gid = owner(reference, "gid");
    if (!mode || !uid || !gid) {
      errors_.push_back(
          error("compose.unsupported",
                fmt::format("{}.{}: uid and gid of {} must be numbers, and its mode octal",
                            service_, kind, source))
              .at(stack_.place({"services", service_, kind}))
              .next("write them as `uid: \"1000\"` and `mode: 0440`"));
      return;
    }
    const bool owned = !text_at(reference, "uid").empty() || !text_at(reference, "gid").empty();
    files_.push_back({target_of(reference, std::string_view(kind) == "secrets"), *mode, *uid, *gid,
                      *content, owned});
  }

  std::optional<std::string> content_of(const char* kind, const std::string& source,
                                        const Json& definition) {
    if (const auto text = text_at(definition, "content"); !text.empty())
      return without_doubled_dollars(text);
    const auto name = text_at(definition, "environment");
    if (name.empty()) return std::nullopt;
    if (const auto found = variables_.find(name); found != variables_.end())
      return found->second.value.reveal();
    errors_.push_back(error("compose.variable_unset",
                            fmt::format("{}.{} of {} takes the variable {}, which has no value",
                                        kind, source, service_, name))
                          .at(stack_.place({kind, source, "environment"}))
                          .next("set it under `variables:`"));
    return std::nullopt;
  }

  const Json& resolved_;
  const std::string& service_;
  const Variables& variables_;
  const Stack& stack_;
  std::vector<ArchivedFile> files_;
  std::vector<Error> errors_;
};

}  // namespace

Result<std::vector<ArchivedFile>> archived_files(const Json& resolved, const std::string& service,
                                                 const Variables& variables, const Stack& stack) {
  return Contents(resolved, service, variables, stack).run();
}

std::vector<Json> hooks_of(const Json& resolved, const std::string& service,
                           std::string_view when) {
  std::vector<Json> out;
  const Json& list = member_or_null(service_of(resolved, service), when);
  if (!list.is_array()) return out;
  for (const Json& hook : list.get_array()) {
    JsonObject body{{"AttachStdout", true}, {"AttachStderr", true}};
    JsonArray command;
    for (const auto& part : texts_at(hook, "command"))
      command.emplace_back(without_doubled_dollars(part));
    body["Cmd"] = std::move(command);
    if (const auto user = text_at(hook, "user"); !user.empty())
      body["User"] = without_doubled_dollars(user);
    if (const auto folder = text_at(hook, "working_dir"); !folder.empty())
      body["WorkingDir"] = without_doubled_dollars(folder);
    if (truth_at(hook, "privileged")) body["Privileged"] = true;
    JsonArray environment;
    if (const Json& given = member_or_null(hook, "environment"); given.is_object())
      for (const auto& [name, value] : given.get_object())
        environment.emplace_back(value.is_string() ? std::string(name) + "=" +
                                                         without_doubled_dollars(value.get_string())
                                                   : std::string(name));
    if (!environment.empty()) body["Env"] = std::move(environment);
    out.emplace_back(std::move(body));
  }
  return out;
}

}  // namespace reconciler::docker
