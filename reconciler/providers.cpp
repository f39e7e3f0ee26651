#include "reconciler/providers.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/expand.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/process.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/env_file.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr size_t most_said = 1U << 20U;
constexpr size_t most_known = 256;
constexpr size_t most_kept = 16;  // answers of one environment
/// One that has just failed is not waited for again.
constexpr Duration rests_for{30s};
constexpr const char* usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Error away(const Question& question, const std::string& what) {
  return error("variables.provider", fmt::format("{} {}", question.provider, what))
      .next(fmt::format("ask it by hand as the host file does; then: reconciler plan {}",
                        question.id.text()))
      .passing();
}

/// A text of the host file with what it is told of the question.
Result<std::string> filled(const Question& question, const std::string& text) {
  const std::map<std::string, Secret, std::less<>> known{
      {"APPLICATION", Secret(question.id.application)},
      {"ENVIRONMENT", Secret(question.id.environment)},
      {"FILE", Secret(question.file)}};
  auto out = fill(text, [&](std::string_view name) -> const Secret* {
    const auto found = known.find(name);
    return found == known.end() ? nullptr : &found->second;
  });
  if (!out) return failed(out);
  return out->reveal();
}

std::string home() {
  const passwd* user = ::getpwuid(::geteuid());
  return user ? user->pw_dir : "/";
}

/// Where a program of that name lies; itself where it is a path.
std::string program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const auto& folder : split(usual_path, ':'))
    if (const auto path = folder + "/" + name; ::access(path.c_str(), X_OK) == 0) return path;
  return name;
}

Result<Secret> ask_program(const Provider& provider, const Question& question,
                           const std::stop_token& stop) {
  Command command;
  for (const auto& part : provider.command) {
    auto text = filled(question, part);
    if (!text) return failed(text);
    command.argv.push_back(std::move(*text));
  }
  command.argv[0] = program(command.argv[0]);
  command.environment = {{"PATH", usual_path}, {"HOME", home()}};
  for (const auto& [name, value] : provider.environment) {
    command.environment[name] = value.text;
    if (value.file.empty()) continue;
    auto text = read_file(value.file, most_said);
    if (!text) return failure(away(question, "cannot be asked: " + text.error().message));
    if (text->ends_with('\n')) text->pop_back();
    command.environment[name] = std::move(*text);
  }
  command.timeout = provider.timeout;
  command.most_output = most_said;
  auto done = run_process(command, stop);
  if (!done && done.error().code == "process.stopped") return failed(done);
  if (!done && done.error().code == "process.timeout")
    return failure(away(
        question, fmt::format("does not answer (timeout after {})", for_people(provider.timeout))));
  if (!done && done.error().code == "process.output_limit")
    return failure(away(question, "says more than 1 MiB"));
  if (!done) return failure(away(question, "cannot be asked: " + done.error().message));
  // Its own words are not told: nobody knows which values stand in them.
  if (done->exit_code != 0)
    return failure(away(question, fmt::format("ended with exit code {}", done->exit_code)));
  Secret text(std::move(done->out));
  if (const auto entries = parse_provided(question.provider, text.reveal()); !entries)
    return failure(
        away(question, fmt::format("says what is no variables (line {}): {}",
                                   entries.error().place.line, entries.error().message)));
  else if (entries->empty())
    return failure(away(question, "names no variable"));
  return text;
}

Result<Secret> names_of(const Provider& provider) {
  JsonObject all;
  for (const auto& name : provider.names)
    if (const char* value = std::getenv(name.c_str())) all[name] = value;
  return Secret(canonical(all));
}

Result<Secret> ask_now(const Provider& provider, const Question& question,
                       const std::stop_token& stop) {
  if (!provider.command.empty()) return ask_program(provider, question, stop);
  if (!provider.names.empty()) return names_of(provider);
  auto path = filled(question, provider.file);
  if (!path) return failed(path);
  auto text = read_file(*path, most_said);
  if (!text) return failure(away(question, "cannot be read: " + text.error().message));
  return Secret(std::move(*text));
}

/// Of files that changed time and again the newest answers are left.
Status forget_oldest(const std::string& folder) {
  std::error_code ignored;
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> all;
  for (const auto& one : std::filesystem::directory_iterator(folder, ignored))
    all.emplace_back(one.last_write_time(ignored), one.path().string());
  std::ranges::sort(all, std::greater<>{});
  for (size_t i = most_kept; i < all.size(); ++i)
    if (auto gone = remove_tree(all[i].second); !gone) return gone;
  return {};
}

std::string key_of(const Question& question) {
  return canonical(JsonArray{question.id.text(), question.provider, question.content});
}

}  // namespace

std::shared_ptr<Providers::Last> Providers::last_of(const Question& question) {
  const std::lock_guard lock(mutex_);
  if (all_.size() > most_known)
    all_.clear();  // of files that are not wanted any more, most of them
  auto& last = all_[key_of(question)];
  if (!last) last = std::make_shared<Last>();
  last->id = question.id;
  return last;
}

Result<Answer> Providers::ask(const Question& question, std::stop_token stop) {
  const auto provider = host_.providers.find(question.provider);
  if (provider == host_.providers.end()) {
    std::vector<std::string> names;
    for (const auto& [name, one] : host_.providers) names.push_back(name);
    const std::string file = host_.file.empty() ? "the host file" : host_.file;
    return failure(error("variables.no_provider", fmt::format("{} names no provider \"{}\"", file,
                                                              printable(question.provider, 60)))
                       .next(names.empty() ? fmt::format("add it to providers in {}", file)
                                           : "it has " + join(names, ", ")));
  }
  const auto last = last_of(question);
  const std::lock_guard lock(last->asking);
  return ask(provider->second, question, *last, std::move(stop));
}

Result<Answer> Providers::ask(const Provider& provider, const Question& question, Last& last,
                              std::stop_token stop) {
  const Duration within = question.within.value_or(provider.refresh);
  if (last.text && clock_.now() - last.at <= within) return Answer{*last.text, last.at_wall};
  if (last.failed && clock_.now() - last.failed_at <= rests_for)
    return kept(provider, question, *last.failed);
  auto text = ask_now(provider, question, stop);
  if (!text && text.error().code != "variables.provider") return failed(text);
  if (!text) {
    last.failed = text.error();
    last.failed_at = clock_.now();
    return kept(provider, question, std::move(text.error()));
  }
  last.failed.reset();
  last.text = *text;
  last.at = clock_.now();
  last.at_wall = clock_.wall();
  Answer answer{std::move(*text), last.at_wall};
  if (provider.keep_last > 0ms)
    if (auto done = keep(question, answer.text, answer.at); !done)
      answer.not_kept = std::move(done.error());
  return answer;
}

Status Providers::forget(const EnvironmentId& id) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(all_, [&](const auto& one) { return one.second->id == id; });
  }
  return remove_tree(folder_of(id));
}

std::string Providers::folder_of(const EnvironmentId& id) const {
  return fmt::format("{}/answers/{}", state_, id.text());
}

std::string Providers::place_of(const Question& question) const {
  return fmt::format("{}/{}", folder_of(question.id), sha256(key_of(question)).substr(0, 32));
}

std::string Providers::purpose_of(const Question& question) const {
  return fmt::format("answer:{}:{}", lineage_, key_of(question));
}

Status Providers::keep(const Question& question, const Secret& text, WallTime at) const {
  const Json all =
      JsonObject{{"at", std::int64_t{at.time_since_epoch().count()}}, {"text", text.reveal()}};
  auto sealed = seal(key_, purpose_of(question), canonical(all));
  if (!sealed) return failed(sealed);
  if (auto made = make_folders(folder_of(question.id)); !made) return made;
  if (auto point = failpoint("provider.keep.before"); !point) return point;
  if (auto done = replace_file(place_of(question), sealed->box); !done) return done;
  if (auto point = failpoint("provider.keep.after"); !point) return point;
  return forget_oldest(folder_of(question.id));
}

Result<Answer> Providers::kept(const Provider& provider, const Question& question,
                               Error why) const {
  if (provider.keep_last <= 0ms) return failure(std::move(why));
  auto box = read_file(place_of(question), 2 * most_said, false);
  if (!box) return failure(std::move(why));
  const auto plain = unseal(key_, purpose_of(question), Sealed{std::move(*box)});
  if (!plain) return failure(std::move(why));
  const auto all = parse_json(*plain);
  if (!all) return failure(std::move(why));
  const WallTime at{std::chrono::seconds(number_at(*all, "at"))};
  if (clock_.wall() - at > provider.keep_last) {
    why.message +=
        fmt::format(", and its last answer, of {}, is older than keep_last", to_text(at));
    return failure(std::move(why));
  }
  return Answer{Secret(text_at(*all, "text")), at, std::move(why)};
}

}  // namespace reconciler
