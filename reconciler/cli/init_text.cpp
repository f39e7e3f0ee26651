#include "reconciler/cli/init_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

#include "reconciler/base/json.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::cli {
namespace {

constexpr size_t comment_at = 50;
constexpr const char* environment_name = "production";

/// A scalar as it is, where YAML reads nothing into it; else in double quotes.
std::string scalar(const std::string& text) {
  static const std::regex plain(R"([A-Za-z0-9_./][A-Za-z0-9_./-]*)");
  static const std::regex special(R"((?:~|null|true|false|yes|no|on|off|[0-9.].*)?)",
                                  std::regex::icase);
  const bool path = text.find('/') != std::string::npos || text.starts_with(".env");
  if (std::regex_match(text, plain) && (path || !std::regex_match(text, special))) return text;
  return boost::json::serialize(Json(text));
}

std::string yaml_list(const std::vector<std::string>& items) {
  std::vector<std::string> all;
  for (const auto& item : items) all.push_back(scalar(item));
  return "[" + join(all, ", ") + "]";
}

std::string one_or_list(const std::vector<std::string>& items) {
  return items.size() == 1 ? scalar(items.front()) : yaml_list(items);
}

/// Lines, each with what is to be said of it behind.
class Text {
 public:
  void line(const std::string& text, const std::string& comment = "") {
    text_ += comment.empty() ? text : fmt::format("{:<{}} # {}", text, comment_at, comment);
    text_ += "\n";
  }
  void gap() {
    if (!text_.empty()) text_ += "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string names_of(const std::vector<FoundPlace>& places) {
  std::vector<std::string> names;
  for (const auto& one : places) names.push_back(one.place);
  return one_or_list(names);
}

void write_source(Text& out, const Discovered& found, const InitPlace& place) {
  if (!has_source(found, place)) return;
  const auto& checkout = *found.checkout;
  const std::string comment =
      checkout.origin.empty() ? "its tags are deployed" : "or " + checkout.origin;
  if (checkout.discipline == "semver")
    out.line("source: " + scalar(checkout.top), comment);
  else
    out.line(fmt::format("source: {{ repository: {}, tags: {} }}", scalar(checkout.top),
                         checkout.discipline),
             comment);
}

void write_compose(Text& out, const Discovered& found, const InitPlace& place) {
  std::vector<std::string> keys;
  if (!found.files.empty()) keys.push_back("files: " + one_or_list(found.files));
  if (found.project != place.application) keys.push_back("project: " + scalar(found.project));
  if (!found.profiles.empty()) keys.push_back("profiles: " + one_or_list(found.profiles));
  if (!keys.empty()) out.line("compose: { " + join(keys, ", ") + " }");
}

void write_variables(Text& out, const Discovered& found) {
  std::vector<FoundVariable> set;
  for (const auto& name : found.tag_variables) set.push_back({name, "${TAG}", ""});
  set.insert(set.end(), found.scripts.set.begin(), found.scripts.set.end());
  const bool files = !found.env_files.empty() || !found.without.empty();
  if (!files && !found.provider && set.empty()) return;
  out.gap();
  out.line("variables:");
  if (found.provider) {
    std::vector<std::string> all;
    for (const auto& one : found.env_files) all.push_back(scalar(one.place));
    all.push_back(fmt::format("{{ provider: {} }}", found.provider->name));
    out.line("  env_file: " + (all.size() == 1 ? all.front() : "[" + join(all, ", ") + "]"),
             "of the host file; " + found.provider->named_by + " says " + found.provider->of);
  } else if (!found.env_files.empty()) {
    const bool outside =
        std::ranges::any_of(found.env_files, [](const auto& one) { return !one.real.empty(); });
    out.line("  env_file: " + names_of(found.env_files),
             outside ? "not in git: the host file says where it lies" : "");
  } else if (!found.without.empty()) {
    out.line("  env_file: .env.production", "yet to be written: " + join(found.without, ", "));
  }
  if (!set.empty()) out.line("  set:");
  for (const auto& [name, text, script] : set)
    out.line(fmt::format("    {}: {}", name, scalar(text)),
             script.empty() ? "the images' tag" : fmt::format("guessed: {} sets it so", script));
}

/// Those whose variables are all the stack's own.
std::vector<FoundWord> checks_of(const Discovered& found) {
  static const std::regex variable(R"(\$\{(\w+)\})");
  std::set<std::string> known(found.variables.begin(), found.variables.end());
  known.insert("TAG");
  std::vector<FoundWord> all;
  for (const auto& one : found.scripts.checks) {
    const bool ours =
        std::all_of(std::sregex_iterator(one.text.begin(), one.text.end(), variable), {},
                    [&](const std::smatch& match) { return known.contains(match[1].str()); });
    if (ours) all.push_back(one);
  }
  return all;
}

void write_rest(Text& out, const Discovered& found) {
  const auto& scripts = found.scripts;
  if (!found.release.empty()) {
    out.gap();
    out.line("release:");
    out.line(found.release_needs.empty()
                 ? fmt::format("  - {{ run: {} }}", scalar(found.release))
                 : fmt::format("  - {{ run: {}, depends_on: {} }}", scalar(found.release),
                               yaml_list(found.release_needs)),
             "guessed: " + found.release_why);
  }
  const auto checks = checks_of(found);
  if (!scripts.remove_orphans.empty() || !checks.empty() || !scripts.prune_images.empty() ||
      !scripts.state_files.empty())
    out.gap();
  if (!scripts.remove_orphans.empty())
    out.line("switch: { remove_orphans: true }", fmt::format("as {} does", scripts.remove_orphans));
  if (!checks.empty())
    out.line("verify:", fmt::format("guessed: {} asks these", checks.front().script));
  for (const auto& one : checks) out.line("  - " + scalar(one.text));
  if (!scripts.prune_images.empty())
    out.line("keep: 0", fmt::format("guessed: {} removes older images", scripts.prune_images));
  if (!scripts.state_files.empty())
    out.line("state_files: " + scalar(scripts.state_files), "current_tag, prev_tag");
}

/// The services that ask for it, as the policy names them.
std::vector<std::string> services_named(const std::vector<std::string>& services,
                                        const std::string& id) {
  std::vector<std::string> all;
  for (const auto& service : services) all.push_back(id + "/" + service);
  return all;
}

void write_policy(Text& out, const Discovered& found, const std::string& id) {
  const auto& state_files = found.scripts.state_files;
  if (state_files.empty() && found.binds.empty() && found.asks.empty() && found.external.empty())
    return;
  out.line("policy:");
  if (!state_files.empty()) out.line("  state_files: " + yaml_list({state_files}));
  if (!found.binds.empty())
    out.line("  binds: " + yaml_list(found.binds), "mounted from outside of the stack's folder");
  if (found.asks.empty() && found.external.empty()) return;
  out.line("  allow:", "what services ask for now");
  for (const auto& [key, services] : found.asks)
    out.line(fmt::format("    {}: {}", key, yaml_list(services_named(services, id))));
  if (!found.external.empty()) out.line("    external: " + yaml_list(found.external));
}

}  // namespace

bool has_source(const Discovered& found, const InitPlace& place) {
  return !place.beside && found.checkout && !found.checkout->discipline.empty() &&
         found.checkout->top == place.looked_at;
}

std::string token_file(const FoundProvider& provider) {
  return "/etc/reconciler/" + provider.name + ".token";
}

std::string tag_of(const Discovered& found) {
  return found.tag.empty() ? "v1" : found.tag;
}

std::map<std::string, FoundPlace> files_of(const Discovered& found, const InitPlace& place) {
  std::map<std::string, FoundPlace> all;
  for (const auto& one : found.not_in_git) all[one.place] = one;
  const bool copied = !place.beside && !has_source(found, place);
  if (copied)
    for (const auto& one : found.in_git) all[one.place] = one;
  for (const auto& one : found.env_files) {
    const std::string here = place.looked_at + "/" + one.place;
    if (!one.real.empty() || copied)
      all[one.place] = {one.place, one.real.empty() ? here : one.real, "variables"};
  }
  if (found.env_files.empty() && !found.without.empty() && !found.provider)
    all[".env.production"] = {".env.production", place.looked_at + "/.env.production",
                              "yet to be written"};
  return all;
}

std::string manifest_text(const Discovered& found, const InitPlace& place) {
  Text out;
  write_source(out, found, place);
  write_compose(out, found, place);
  write_variables(out, found);
  write_rest(out, found);
  auto text = out.take();
  while (text.starts_with('\n')) text.erase(0, 1);
  return text.empty() ? fmt::format("name: {}\n", scalar(place.application)) : text;
}

std::string environment_text(const Discovered& found) {
  Text out;
  out.line("tag: " + tag_of(found), found.tag.empty()
                                        ? "a name to begin with: nothing shows which version runs"
                                    : found.tag_doubtful ? "look: " + found.tag_why
                                                         : "");
  return out.take();
}

std::string host_text(const Discovered& found, const InitPlace& place) {
  const std::string id = place.application + "/" + environment_name;
  Text out;
  const auto name = place.repository.substr(place.repository.rfind('/') + 1);
  static const std::regex fits("[a-z0-9][a-z0-9_-]*");
  out.line(fmt::format("repositories: {{ {}: {} }}", std::regex_match(name, fits) ? name : "deploy",
                       scalar(place.repository)));
  if (has_source(found, place))
    out.line(fmt::format("sources: {{ {}: {{}} }}", scalar(found.checkout->top)));
  if (found.provider) {
    out.line("providers:");
    out.line("  " + found.provider->name + ":");
    out.line("    command: " + yaml_list(found.provider->command));
    out.line(fmt::format("    environment: {{ {}: {{ file: {} }} }}", found.provider->token,
                         token_file(*found.provider)));
    out.line("    keep_last: 24h", "a rollback must not need it");
  }
  const auto files = files_of(found, place);
  const auto& locks = found.scripts.locks;
  if (!files.empty() || !locks.empty()) {
    out.line("environments:");
    out.line("  " + id + ":");
    if (!files.empty()) out.line("    files:");
    for (const auto& [where, file] : files)
      out.line(fmt::format("      {}: {}", scalar(where), scalar(file.real)), file.why);
    if (!locks.empty()) out.line("    also_lock: " + yaml_list(locks), "of the scripts");
  }
  write_policy(out, found, id);
  return out.take();
}

}  // namespace reconciler::cli
