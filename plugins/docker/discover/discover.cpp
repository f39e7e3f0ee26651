#include "plugins/docker/discover/discover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/docker/discover/checkout.hpp"
#include "plugins/docker/discover/env_files.hpp"
#include "plugins/docker/discover/places.hpp"
#include "plugins/docker/discover/provider.hpp"
#include "plugins/docker/discover/reading.hpp"
#include "plugins/docker/discover/running.hpp"
#include "plugins/docker/discover/scripts.hpp"
#include "plugins/docker/discover/tag.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr Duration look_within = std::chrono::seconds(30);
constexpr const char* usual[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                 "docker-compose.yaml"};
constexpr const char* overrides[] = {"compose.override.yml", "compose.override.yaml",
                                     "docker-compose.override.yml", "docker-compose.override.yaml"};
constexpr const char* always_set[] = {"TAG", "COMMIT", "APPLICATION", "ENVIRONMENT"};
constexpr const char* release_names[] = {"release", "migrate", "migrations", "migration",
                                         "db-migrate"};

bool is_compose_name(const std::string& name) {
  return (name.ends_with(".yml") || name.ends_with(".yaml")) &&
         (name.starts_with("compose.") || name.starts_with("docker-compose"));
}

class Discovery {
 public:
  Discovery(Engine& engine, std::string plugin, const DiscoverRequest& request,
            std::stop_token stop)
      : engine_(engine),
        request_(request),
        folder_(clean_path(request.folder)),
        checkout_(Checkout::around(folder_)),
        stop_(std::move(stop)) {
    of_.plugin = std::move(plugin);
    of_.folder = folder_;
  }

  Result<Discovered> run() {
    auto all = projects_on_host(engine_, Deadline(engine_.clock(), look_within));
    if (!all) return failed(all);
    if (auto chosen = choose(*all); !chosen) return failed(chosen);
    scripts_ = find_scripts(folder_);
    out_.scripts = scripts_.found;
    if (auto found = find_files(); !found) return failed(found);
    of_.project = running_ ? running_->name : request_.project;
    auto reading = read();
    if (!reading) return failed(reading);
    out_.project = of_.project.empty() ? text_at(reading->model, "name") : of_.project;
    if (!checkout_.top().empty())
      out_.checkout = {checkout_.top(), checkout_.origin(), checkout_.head(), ""};
    find_tag(*reading, running(), checkout_, out_);
    find_variables(*reading);
    add_env_files(of_.env_files, reading->written, folder_, checkout_, out_);
    find_places(reading->model, folder_, checkout_, out_);
    find_release(reading->model);
    find_profiles(reading->model);
    out_.builds = builds(reading->model);
    out_.headline = headline(reading->model);
    return std::move(out_);
  }

 private:
  const RunningProject* running() const { return running_ ? &*running_ : nullptr; }

  Status choose(const std::vector<RunningProject>& all) {
    std::vector<const RunningProject*> from_here;
    for (const auto& project : all)
      if (request_.project.empty() ? is_from(project, folder_) : project.name == request_.project)
        from_here.push_back(&project);
    if (from_here.size() > 1) {
      std::vector<std::string> names;
      for (const auto* project : from_here) names.push_back(project->name);
      return failure(
          error("init.ambiguous", fmt::format("{} run from {}: {}", count(names.size(), "project"),
                                              folder_, enumerate(names)))
              .next("reconciler init --project " + names.front()));
    }
    if (from_here.empty()) return {};
    running_ = *from_here.front();
    if (!running_->ours) return {};
    return failure(
        error("init.ours",
              fmt::format("the containers of \"{}\" were made by reconciler", running_->name))
            .next("there is a manifest of it: reconciler status"));
  }

  Status find_files() {
    std::vector<std::string> files = request_.files;
    if (files.empty() && running_)
      for (const auto& path : running_->files)
        if (exists(path)) files.push_back(path);
    if (files.empty()) files = scripts_.compose_files;
    std::erase_if(files, [&](const std::string& file) {
      return request_.files.empty() && !exists(absolute(file));
    });
    if (files.empty()) files = by_rules();
    if (files.empty())
      if (auto only = the_only_one(files); !only) return only;
    for (const auto& file : files) {
      const auto path = absolute(file);
      if (auto text = read_file(path, size_t{4} << 20U); !text) return failed(text);
      of_.files.push_back(path);
      out_.files.push_back(lies_under(path, folder_) ? path.substr(folder_.size() + 1) : path);
    }
    if (out_.files == by_rules()) out_.files.clear();
    shown_files_ = of_.files;
    return {};
  }

  std::string absolute(const std::string& file) const {
    return clean_path(file.starts_with('/') ? file : folder_ + "/" + file);
  }

  std::vector<std::string> by_rules() const {
    std::vector<std::string> files;
    for (const auto& names : {usual, overrides}) {
      if (names == overrides && files.empty()) break;
      for (size_t i = 0; i < std::size(usual); ++i)
        if (exists(folder_ + "/" + names[i])) {
          files.emplace_back(names[i]);
          break;
        }
    }
    return files;
  }

  Status the_only_one(std::vector<std::string>& files) const {
    auto names = list_folder(folder_);
    if (!names) return failed(names);
    for (const auto& name : *names)
      if (is_compose_name(name)) files.push_back(name);
    if (files.size() == 1) return {};
    if (files.empty())
      return failure(
          error("init.no_compose_file", fmt::format("there is no compose file in {}", folder_))
              .with("looked for", join({std::begin(usual), std::end(usual)}, ", ") +
                                      ", compose.*.yml, docker-compose*.yml")
              .with("and for", "a project that runs from here, and -f in scripts")
              .next("cd to the folder that the stack is deployed from; or name it: reconciler init "
                    "--file FILE"));
    return failure(error("init.ambiguous", fmt::format("{} has {} compose files, and nothing runs "
                                                       "from here: {}",
                                                       folder_, files.size(), enumerate(files)))
                       .next("reconciler init --file " + files.front()));
  }

  /// TAG stands for itself: which it is comes out of it.
  Result<Reading> read() {
    for (const char* name : always_set) of_.variables[name] = "reconciler-init";
    of_.env_files = likely_env_files(folder_, running());
    out_.provider = find_provider(folder_);
    if (out_.provider)
      for (auto& [name, value] : ask_provider(*out_.provider, request_.environment, stop_))
        of_.variables.try_emplace(name, std::move(value));
    return read_files(of_, stop_);
  }

  void find_variables(const Reading& reading) {
    const auto is_ours = [&](const std::string& name) {
      return std::ranges::find(always_set, name) != std::end(always_set) ||
             std::ranges::find(out_.tag_variables, name) != out_.tag_variables.end();
    };
    std::set<std::string> derived;
    for (const auto& one : out_.scripts.set) derived.insert(one.name);
    for (const auto& name : reading.used)
      if (!is_ours(name)) out_.variables.push_back(name);
    for (const auto& name : reading.without)
      if (!is_ours(name) && !derived.contains(name)) out_.without.push_back(name);
    // What a script derives counts where nothing else says it.
    std::erase_if(out_.scripts.set,
                  [&](const FoundVariable& one) { return !reading.without.contains(one.name); });
  }

  void find_release(const Json& model) {
    const Json& services = member_or_null(model, "services");
    const auto there = [&](const std::string& name) { return member(services, name) != nullptr; };
    for (const auto& [name, script] : out_.scripts.once)
      if (there(name) && out_.release.empty()) {
        out_.release = name;
        out_.release_why = script + " runs it once";
      }
    for (const char* name : release_names)
      if (there(name) && out_.release.empty()) {
        out_.release = name;
        out_.release_why = "by its name";
      }
    if (out_.release.empty()) return;
    const Json& needs = member_or_null(member_or_null(services, out_.release), "depends_on");
    if (needs.is_object())
      for (const auto& need : needs.get_object()) out_.release_needs.emplace_back(need.key());
  }

  /// Those of the services that run; the release's own needs none.
  void find_profiles(const Json& model) {
    if (!running_) return;
    std::set<std::string> wanted;
    const Json& services = member_or_null(model, "services");
    for (const auto& container : running_->containers) {
      if (container.service == out_.release || !container.up) continue;
      const auto own = texts_at(member_or_null(services, container.service), "profiles");
      if (!own.empty() &&
          std::ranges::none_of(own, [&](const auto& p) { return wanted.contains(p); }))
        wanted.insert(own.front());
    }
    out_.profiles.assign(wanted.begin(), wanted.end());
  }

  static bool builds(const Json& model) {
    const Json& services = member_or_null(model, "services");
    return services.is_object() && std::ranges::any_of(services.get_object(), [](const auto& pair) {
             return member(pair.value(), "build") != nullptr;
           });
  }

  std::string headline(const Json& model) const {
    std::vector<std::string> names;
    for (const auto& path : shown_files_) names.push_back(path.substr(path.rfind('/') + 1));
    const auto from = join(names, ", ");
    if (running_ && std::ranges::any_of(running_->containers, &RunningContainer::up))
      return fmt::format("{} here from {} (Compose {}, project \"{}\")",
                         count(static_cast<size_t>(std::ranges::count(running_->containers, true,
                                                                      &RunningContainer::up)),
                               "service runs", "services run"),
                         from, running_->version.empty() ? "?" : running_->version, out_.project);
    const Json& services = member_or_null(model, "services");
    return fmt::format("{} in {} (project \"{}\"); none runs",
                       count(services.is_object() ? services.get_object().size() : 0, "service"),
                       from, out_.project);
  }

  Engine& engine_;
  const DiscoverRequest& request_;
  const std::string folder_;
  const Checkout checkout_;
  std::stop_token stop_;
  std::optional<RunningProject> running_;
  Scripts scripts_;
  ReadingOf of_;
  std::vector<std::string> shown_files_;
  Discovered out_;
};

}  // namespace

Result<Discovered> discover(Engine& engine, const Result<std::string>& compose_plugin,
                            const DiscoverRequest& request, std::stop_token stop) {
  if (!compose_plugin) return failure(compose_plugin.error());
  return Discovery(engine, *compose_plugin, request, std::move(stop)).run();
}

}  // namespace reconciler::docker
