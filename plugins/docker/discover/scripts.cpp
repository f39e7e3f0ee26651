#include "plugins/docker/discover/scripts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <regex>
#include <set>

#include "plugins/docker/discover/shell_text.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t largest_script = size_t{256} << 10U;
constexpr const char* folders[] = {"", "scripts/", "bin/", "deploy/"};

void add(std::vector<std::string>& all, std::string one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(std::move(one));
}

void add(std::vector<FoundWord>& all, std::string text, const std::string& script) {
  if (std::ranges::find(all, text, &FoundWord::text) == all.end())
    all.push_back({std::move(text), script});
}

bool has(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

bool is_compose_file(std::string_view word) {
  return (word.ends_with(".yml") || word.ends_with(".yaml")) && !has(word, "$");
}

/// `-f FILE`, `--file FILE`, `--file=FILE`.
void read_compose_files(const std::vector<std::string>& words, Scripts& into) {
  for (size_t i = 0; i < words.size(); ++i) {
    const bool next = (words[i] == "-f" || words[i] == "--file") && i + 1 < words.size();
    const std::string file = next                              ? words[i + 1]
                             : words[i].starts_with("--file=") ? words[i].substr(7)
                                                               : "";
    if (is_compose_file(file)) add(into.compose_files, file);
  }
}

/// `compose run --rm -T SERVICE`: also through a function of the script's.
void read_once(const std::vector<std::string>& words, const std::string& script,
               FoundScripts& into) {
  static const std::set<std::string_view> with_value = {
      "-e",        "--env",  "-u",           "--user", "-v",        "--volume", "-w",
      "--workdir", "--name", "--entrypoint", "-p",     "--publish", "-l",       "--label"};
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] != "run" || words[i - 1] == "docker" || words[i - 1] == "doppler") continue;
    for (size_t at = i + 1; at < words.size(); ++at) {
      if (with_value.contains(words[at])) {
        ++at;
      } else if (!words[at].starts_with('-')) {
        add(into.once, words[at], script);
        break;
      }
    }
  }
}

void read_paths(const std::string& line, bool flocks, FoundScripts& into) {
  static const std::regex state(R"((/[\w./-]+)/current_tag\b)");
  static const std::regex lock(R"(/[\w./-]+\.lock\b)");
  std::smatch match;
  if (std::regex_search(line, match, state)) into.state_files = match[1];
  for (auto it = std::sregex_iterator(line.begin(), line.end(), lock); it != std::sregex_iterator();
       ++it)
    add(flocks ? into.locks : into.other_locks, it->str());
}

void read_checks(const std::string& line, const std::string& name, FoundScripts& into) {
  static const std::regex url(R"(https?://[\w.:/${}?=%~-]+)");
  if (!has(line, "curl") && !has(line, "wget")) return;
  for (auto it = std::sregex_iterator(line.begin(), line.end(), url); it != std::sregex_iterator();
       ++it)
    add(into.checks, it->str(), name);
}

/// Text and other variables, and nothing that would have to be run.
bool is_derived(const std::string& name, const std::string& text) {
  static const std::regex form(R"([\w:/.@-]*(?:\$\{?[A-Za-z_]\w*\}?[\w:/.@-]*)+)");
  return std::regex_match(text, form) && !has(text, "$" + name) && !has(text, "${" + name);
}

std::string unquoted_word(std::string text) {
  std::erase_if(text, [](char c) { return c == '"' || c == '\''; });
  return text;
}

bool is_text_for_a_shell(const std::string& path, const std::string& name) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0 || !S_ISREG(s.st_mode) ||
      s.st_size > static_cast<off_t>(largest_script))
    return false;
  return name.ends_with(".sh") || (s.st_mode & S_IXUSR) != 0;
}

/// build, release and deploy as people run them; then all others by name.
int rank(const std::string& path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name.starts_with("build")     ? 0
         : name.starts_with("release") ? 1
         : name.starts_with("deploy")  ? 2
                                       : 3;
}

}  // namespace

void read_script(const std::string& name, std::string_view text, Scripts& into) {
  into.found.names.push_back(name);
  const bool flocks = has(text, "flock");
  ShellValues values;
  for (const auto& line : shell_lines(text)) {
    std::string variable;
    std::string value;
    if (read_assignment(line, variable, value)) {
      if (is_derived(variable, unquoted_word(value)) &&
          std::ranges::find(into.found.set, variable, &FoundVariable::name) == into.found.set.end())
        into.found.set.push_back({variable, expand_shell(value, {}), name});
      if (has(value, "$(") || has(value, "`")) continue;
      const auto known = expand_shell(value, values);
      if (known != "${" + variable + "}") values[variable] = known;
      if (is_compose_file(known) && has(variable, "COMPOSE")) add(into.compose_files, known);
    }
    const auto expanded = expand_shell(line, values);
    const auto words = shell_words(expanded);
    read_paths(expanded, flocks, into.found);
    read_checks(expand_shell(line, {}), name, into.found);
    read_once(words, name, into.found);
    if (has(expanded, "compose")) read_compose_files(words, into);
    if (has(expanded, "--remove-orphans")) into.found.remove_orphans = name;
    if (has(expanded, "image rm") || has(expanded, "docker rmi") || has(expanded, "image prune"))
      into.found.prune_images = name;
  }
}

Scripts find_scripts(const std::string& folder) {
  std::vector<std::string> paths;
  for (const char* part : folders) {
    const auto names = list_folder(folder + "/" + part);
    if (!names) continue;
    for (const auto& name : *names)
      if (is_text_for_a_shell(folder + "/" + part + name, name)) paths.push_back(part + name);
  }
  std::ranges::stable_sort(paths, {}, rank);
  Scripts all;
  for (const auto& path : paths) {
    const auto text = read_file(folder + "/" + path, largest_script);
    if (!text || !text->starts_with("#!") || !has(*text, "docker")) continue;
    read_script(path, *text, all);
  }
  return all;
}

}  // namespace reconciler::docker
