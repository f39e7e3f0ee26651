// `init`: from a folder that a stack was deployed from so far to a manifest that says the same.
// Looks, and writes three new files; nothing that runs is touched, and no file is written over.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <set>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/commands.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/init_text.hpp"
#include "reconciler/cli/new_file.hpp"
#include "reconciler/cli/verb.hpp"

namespace reconciler::cli {
namespace {

struct InitOptions {
  std::string folder;
  std::string into;
  std::vector<std::string> files;
  std::string project;
  bool dry_run = false;
};

std::string cleaned(const std::string& path) {
  std::error_code ignored;
  const auto whole = std::filesystem::absolute(path.empty() ? "." : path, ignored).string();
  auto clean = clean_path(whole);
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

std::string last_part(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// The topmost folder of the git repository that a path lies, or will lie, in.
std::string repository_around(std::string path) {
  while (path.size() > 1) {
    if (exists(path + "/.git")) return path;
    path = path.substr(0, path.rfind('/'));
  }
  return "";
}

/// As we were started: for programs that give variables.
std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    if (const auto at = text.find('='); at != std::string_view::npos)
      all.emplace(text.substr(0, at), text.substr(at + 1));
  }
  return all;
}

std::string in_words(size_t n) {
  static const char* const words[] = {"no", "one", "two", "three", "four", "five"};
  return n < std::size(words) ? words[n] : std::to_string(n);
}

class Init {
 public:
  Init(Context& context, const InitOptions& options) : context_(context), options_(options) {
    place_.looked_at = cleaned(options.folder);
    place_.folder = options.into.empty() ? place_.looked_at : cleaned(options.into);
    place_.application = last_part(place_.folder);
    place_.host_file = context.host_file();
    place_.beside = place_.folder == place_.looked_at;
  }

  int run(std::stop_token stop) {
    if (auto there = check_folders(); !there) return report(context_, there.error());
    auto found = context_.discover(
        {place_.looked_at, options_.files, options_.project, own_environment()}, stop);
    if (!found) return report(context_, found.error());
    found_ = std::move(*found);
    if (auto source = check_source(); !source) return report(context_, source.error());
    collect();
    if (!options_.dry_run)
      for (const auto& file : files_)
        if (auto written = create(file); !written) return report(context_, written.error());
    if (context_.options().json)
      std::cout << boost::json::serialize(document()) << "\n";
    else
      tell();
    return well;
  }

 private:
  Status check_folders() {
    if (!is_folder(place_.looked_at))
      return failure(error("path.not_found", fmt::format("{} is no folder", place_.looked_at))
                         .next("reconciler init FOLDER, the one that the stack is deployed from"));
    if (::access(place_.looked_at.c_str(), R_OK | X_OK) != 0)
      return failure(error("file.unreadable", fmt::format("{} cannot be read: {}", place_.looked_at,
                                                          std::strerror(errno)))
                         .next("sudo reconciler init ..."));
    if (auto name = check_name("application", place_.application); !name)
      return failure(std::move(name.error())
                         .next("the folder gives the application its name: reconciler init --into "
                               "FOLDER, a folder of another name in the config repository"));
    place_.repository = repository_around(place_.folder);
    if (place_.repository.empty() && !options_.dry_run)
      return failure(
          error("init.not_git", fmt::format("{} is in no git repository; what is "
                                            "committed there is what will count",
                                            place_.folder))
              .next(place_.beside
                        ? fmt::format("git init {0} && git -C {0} add compose files and "
                                      "what they mount; commit; then the same again. Or "
                                      "a repository of its own: git init /srv/deploy && "
                                      "reconciler init --into /srv/deploy/{1}",
                                      place_.folder, place_.application)
                        : fmt::format("git init {}, then the same again",
                                      place_.folder.substr(0, place_.folder.rfind('/')))));
    if (place_.repository.empty()) place_.repository = place_.folder;
    for (const auto& path : {manifest_path(), environment_path()})
      if (exists(path))
        return failure(
            error("init.exists", fmt::format("{} is there already, and is not written "
                                             "over",
                                             path))
                .next("look at what would be written: reconciler init --dry-run; or move "
                      "the file away"));
    return {};
  }

  /// Files of values that `git add .` would take along.
  std::string ignores() const {
    std::set<std::string> names;
    for (const auto& file : found_.env_files) names.insert(file.place);
    std::error_code ignored;
    for (const auto& one : std::filesystem::directory_iterator(place_.looked_at, ignored)) {
      auto name = one.path().filename().string();
      if (name.starts_with(".env") && !name.ends_with("example") && !name.ends_with("sample"))
        names.insert(std::move(name));
    }
    std::string out;
    for (const auto& name : names)
      out += fmt::format("echo {} >> {} && ", shell_word("/" + name),
                         shell_word(place_.looked_at + "/.gitignore"));
    return out;
  }

  /// Without a version in git, compose files can lie with the manifest, but what is built cannot.
  Status check_source() const {
    if (place_.beside || has_source(found_, place_) || !found_.builds) return {};
    const auto tag = tag_of(found_);
    if (!found_.checkout)
      return failure(
          error("init.not_git", fmt::format("{} is not a git repository, and images are built from "
                                            "it: a version is a tag in git",
                                            place_.looked_at))
              .next(
                  fmt::format("git init {0} && {2}git -C {0} add . && git -C {0} commit -m \"as it "
                              "runs\" && git -C {0} tag {1}; then the same again",
                              place_.looked_at, tag, ignores())));
    if (found_.checkout->top != place_.looked_at)
      return failure(
          error(
              "init.subfolder",
              fmt::format("{} lies inside of the repository {}, whose top folder is what relative "
                          "paths count from",
                          place_.looked_at, found_.checkout->top))
              .next("write the manifest beside the compose file: reconciler init, without --into"));
    return failure(
        error("init.no_tag", fmt::format("no tag of {} says which version runs", place_.looked_at))
            .with("runs", found_.tag.empty() ? "nothing shows a tag" : tag + ": " + found_.tag_why)
            .next(fmt::format("git -C {} tag {} COMMIT, the one that was deployed; then "
                              "the same again",
                              place_.looked_at, tag)));
  }

  std::string manifest_path() const { return place_.folder + "/reconciler.yaml"; }
  std::string environment_path() const { return place_.folder + "/environments/production.yaml"; }

  void collect() {
    files_.push_back({manifest_path(), manifest_text(found_, place_), ""});
    files_.push_back({environment_path(), environment_text(found_), "tag: " + tag_of(found_)});
    if (!place_.beside && !has_source(found_, place_)) copy_compose_files();
    host_ = {place_.host_file, host_text(found_, place_), host_note(), 0600};
    host_exists_ = exists(place_.host_file);
    if (!host_exists_) files_.push_back(host_);
  }

  /// They lie with the manifest from here on; what they mount stays where it is.
  void copy_compose_files() {
    const std::vector<std::string> usual = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                            "docker-compose.yaml"};
    auto names = found_.files;
    if (names.empty())
      for (const auto& name : usual)
        if (exists(place_.looked_at + "/" + name)) {
          names.push_back(name);
          break;
        }
    for (const auto& name : names) {
      const auto from = place_.looked_at + "/" + name;
      if (auto text = read_file(from, size_t{4} << 20U))
        files_.push_back({place_.folder + "/" + name, std::move(*text), "copied from " + from});
    }
  }

  std::string host_note() const {
    std::vector<std::string> parts;
    if (found_.provider) parts.push_back(found_.provider->name);
    for (const auto& [where, file] : files_of(found_, place_))
      parts.push_back(where.starts_with('.') ? where : "./" + where);
    return join(parts, ", ");
  }

  Json document() const {
    JsonArray files;
    for (const auto& file : files_)
      files.push_back(JsonObject{{"path", file.path}, {"content", file.content}});
    return JsonObject{
        {"format_version", "1.0"},
        {"application", place_.application},
        {"found", found_.headline},
        {"tag", tag_of(found_)},
        {"without", to_json(found_.without)},
        {"written", !options_.dry_run},
        {"files", std::move(files)},
        {"host_file",
         JsonObject{{"path", host_.path}, {"exists", host_exists_}, {"content", host_.content}}}};
  }

  static void row(const std::string& label, const std::string& text) {
    std::cout << fmt::format("  {:<10}  {}\n", label, text);
  }

  void tell() const {
    std::cout << fmt::format("{}: {}\n\n", place_.application, found_.headline);
    row("tag",
        found_.tag.empty()
            ? fmt::format("{:<9}  nothing here shows one: a name to begin with", tag_of(found_))
            : fmt::format("{:<9}  {}", found_.tag, found_.tag_why));
    if (!found_.release.empty())
      row("release",
          fmt::format(
              "service \"{}\"{}", found_.release,
              found_.release_needs.empty() ? "" : ", after " + enumerate(found_.release_needs)));
    if (!found_.variables.empty()) row("variables", variables_in_words());
    std::string label = "not in git";
    for (const auto& one : found_.not_in_git) {
      row(label, fmt::format("./{}, {}; stays at {}", one.place, one.why, one.real));
      label.clear();
    }
    if (!found_.scripts.names.empty()) row("scripts", scripts_in_words());
    std::cout << "\n";
    tell_files();
    tell_host_file();
    tell_next();
  }

  std::string variables_in_words() const {
    std::string text = fmt::format("{} used", found_.variables.size());
    std::vector<std::string> from;
    for (const auto& one : found_.env_files) from.push_back(one.place);
    const size_t derived = found_.scripts.set.size();
    const size_t all = found_.variables.size() - derived;
    const size_t known = all - found_.without.size();
    if (found_.provider)
      text += fmt::format("; {} says {}, {}", found_.provider->named_by, found_.provider->of,
                          !found_.provider->answers ? "which does not answer here"
                          : !found_.without.empty() ? fmt::format("which has {}", known)
                          : derived == 0            ? fmt::format("which has all {}", all)
                                                    : "which has all but what is derived");
    if (!from.empty())
      text += fmt::format("; {} {} {}", enumerate(from), from.size() == 1 ? "has" : "have",
                          known != all   ? std::to_string(known)
                          : derived == 0 ? "all"
                                         : "all but what is derived");
    for (const auto& one : found_.scripts.set)
      text += fmt::format("; {} as {} sets it", one.name, one.script);
    if (!found_.without.empty() && (!found_.provider || found_.provider->answers))
      text += fmt::format("; no value in any file: {}", join(found_.without, ", "));
    return text;
  }

  std::string scripts_in_words() const {
    const auto& scripts = found_.scripts;
    std::string text = join(scripts.names, ", ");
    if (scripts.locks.size() == 1)
      text += "; their lock file will be honoured";
    else if (!scripts.locks.empty())
      text += fmt::format("; their {} lock files will be honoured", in_words(scripts.locks.size()));
    if (!scripts.other_locks.empty())
      text += fmt::format("; {} is held without flock, and nobody else can honour it",
                          join(scripts.other_locks, ", "));
    return text;
  }

  void tell_files() const {
    size_t widest = 0;
    for (const auto& file : files_) widest = std::max(widest, file.path.size());
    for (const auto& file : files_) {
      const auto lines = static_cast<size_t>(std::ranges::count(file.content, '\n'));
      std::string text =
          fmt::format("  {}   {:<{}}  {:>9}   {}", options_.dry_run ? "would write" : "wrote",
                      file.path, widest, count(lines, "line"), file.note);
      text.erase(text.find_last_not_of(' ') + 1);
      std::cout << text << "\n";
    }
    std::cout << "\n";
    if (!options_.dry_run) return;
    for (const auto& file : files_)
      if (!file.note.starts_with("copied"))
        std::cout << fmt::format("--- {}\n{}\n", file.path, file.content);
  }

  void tell_host_file() const {
    if (!host_exists_) return;
    std::cout << fmt::format("{} is there already, and was left as it is. Add to it:\n\n",
                             place_.host_file);
    for (const auto& line : split(host_.content, '\n'))
      if (!line.empty()) std::cout << "  " << line << "\n";
    std::cout << "\n";
  }

  void tell_next() const {
    if (found_.provider && !exists(token_file(*found_.provider)))
      std::cout << fmt::format("Put a token of {} into {}, readable by root alone\n",
                               found_.provider->name, token_file(*found_.provider));
    if (!found_.without.empty() && !found_.provider)
      std::cout << fmt::format("Write the values of {} to {}\n",
                               found_.without.size() == 1
                                   ? found_.without.front()
                                   : fmt::format("those {} variables", found_.without.size()),
                               found_.env_files.empty() ? place_.looked_at + "/.env.production"
                               : found_.env_files.front().real.empty()
                                   ? place_.looked_at + "/" + found_.env_files.front().place
                                   : found_.env_files.front().real);
    if (options_.dry_run)
      std::cout << "Nothing was written, nothing that runs was touched.\n";
    else
      std::cout << fmt::format(
          "Nothing that runs was touched. Read the {} files, commit, then: reconciler plan\n",
          in_words(files_.size()));
  }

  Context& context_;
  const InitOptions& options_;
  InitPlace place_;
  Discovered found_;
  std::vector<NewFile> files_;
  NewFile host_;
  bool host_exists_ = false;
};

}  // namespace

void add_init(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<InitOptions>();
  auto* verb = app.add_subcommand(
      "init", "Write a manifest of the stack that runs, or lies, in a folder. Touches nothing.");
  verb->add_option("folder", options->folder,
                   "The folder that the stack is deployed from; left out: here");
  verb->add_option(
          "--into", options->into,
          "The application's folder in the config repository; left out: that folder itself")
      ->type_name("FOLDER");
  verb->add_option("--file", options->files, "A compose file, where it cannot be told; repeatable")
      ->type_name("FILE");
  verb->add_option("--project", options->project, "Compose's project, where it cannot be told")
      ->type_name("NAME");
  verb->add_flag("--dry-run", options->dry_run, "Show what would be written");
  verb->footer(
      "Examples:\n  cd /opt/portfolio && reconciler init --into /srv/deploy/portfolio\n  "
      "reconciler init /opt/portfolio --dry-run");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return Init(context, *options).run(std::move(stop));
  });
}

}  // namespace reconciler::cli
