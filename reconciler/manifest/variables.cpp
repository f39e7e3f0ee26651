#include "reconciler/manifest/variables.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/env_file.hpp"
#include "reconciler/manifest/missing.hpp"
#include "reconciler/manifest/placeholders.hpp"

namespace reconciler {
namespace {

constexpr size_t deepest_set = 50;  // variables of `set` in variables of `set`

std::string_view project_of(const EnvironmentSpec& spec) {
  const Json* compose = member(spec.sections, "compose");
  const Json* project = compose ? member(*compose, "project") : nullptr;
  return project && project->is_string() ? std::string_view(project->get_string())
                                         : std::string_view(spec.id.application);
}

/// What Compose or the docker CLI would take for an instruction of ours; others' `DOCKER_...` are
/// theirs. Whoever runs Compose has the whole list.
bool redirects(std::string_view name) {
  static const std::set<std::string_view> told = {"DOCKER_HOST",      "DOCKER_CONTEXT",
                                                  "DOCKER_CONFIG",    "DOCKER_API_VERSION",
                                                  "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"};
  return (name.starts_with("COMPOSE_") && name != "COMPOSE_PROFILES") || told.contains(name);
}

class Loader {
 public:
  Loader(const EnvironmentSpec& spec, const std::string& tree,
         const std::map<std::string, std::string>& files, const Provide& provide)
      : spec_(spec), tree_(tree), files_(files), provide_(provide) {}

  Result<Variables> load(const std::string& commit) {
    if (auto found = find(commit); !found) return failed(found);
    const auto missing =
        MissingSearch(spec_, variables_, std::move(missing_), std::move(unfilled_)).run();
    if (!missing.empty()) return failure(missing_variables(spec_.id, missing, looked_in(), mend()));
    return std::move(variables_);
  }

  Result<Variables> known(const std::string& commit) {
    if (auto found = find(commit); !found) return failed(found);
    return std::move(variables_);
  }

 private:
  /// Everything that has a value.
  Status find(const std::string& commit) {
    always("TAG", spec_.tag, spec_.tag_place);
    always("COMMIT", commit, {});
    always("APPLICATION", spec_.id.application, {});
    always("ENVIRONMENT", spec_.id.environment, {});
    for (const auto& file : spec_.env_files)
      if (auto read = env_file(file); !read) return failed(read);
    for (const auto& one : spec_.set) {
      texts_[one.name] = &one;
      redirect(one.name, one.text, one.place);
    }
    for (const auto& one : spec_.set) resolve(one);
    for (auto& [name, value] : set_) variables_.insert_or_assign(name, value);
    if (!mistakes_.empty()) return failure(gather(std::move(mistakes_)));
    return {};
  }

  void note(Error e, Place where) { mistakes_.push_back(std::move(e).at(std::move(where))); }

  void always(const std::string& name, const std::string& value, const Place& place) {
    std::string from = place.line > 0 ? file_and_line(place) : "the reconciler";
    variables_[name] = {Secret(value), std::move(from), false};
  }

  /// Where an env file really lies: a place of the host file wins over the tree.
  std::optional<std::string> real_path(const std::string& path) const {
    for (const auto& [place, real] : files_)
      if (lies_under(path, place)) {
        const std::string rest = clean_path(path).substr(clean_path(place).size());
        return real + rest;
      }
    return std::nullopt;
  }

  Result<std::string> read(const std::string& path) const {
    if (const auto real = real_path(path)) return read_file(*real, largest_env_file);
    const auto opened = open_beneath(tree_, path, O_RDONLY);
    if (!opened) return failure(opened.error());
    // The descriptor was reached through no symlink; its own path is one of ours.
    return read_file(fmt::format("/proc/self/fd/{}", opened->get()), largest_env_file);
  }

  /// `sops (secrets.enc.env)`
  static std::string called(const EnvFile& file) {
    if (file.provider.empty()) return file.path;
    return file.path.empty() ? file.provider : fmt::format("{} ({})", file.provider, file.path);
  }

  /// Where a provider finds the file that it is to read.
  Result<std::string> found(const std::string& path) const {
    if (path.empty()) return std::string();
    if (auto real = real_path(path)) return std::move(*real);
    const auto opened = open_beneath(tree_, path, O_RDONLY);
    if (!opened) return failure(opened.error());
    return tree_ + "/" + clean_path(path);
  }

  Result<std::vector<EnvEntry>> entries_of(const EnvFile& file, const Provided& said) const {
    if (!file.provider.empty() && said.literal)
      return parse_provided(called(file), said.text.reveal());
    const auto lookup = [&](const std::string& name) -> std::optional<std::string> {
      const auto known = variables_.find(name);
      if (known == variables_.end()) return std::nullopt;
      return known->second.value.reveal();
    };
    return parse_env_file(called(file), said.text.reveal(), lookup);
  }

  Status env_file(const EnvFile& file) {
    Provided said;
    if (file.provider.empty()) {
      auto text = read(file.path);
      if (!text) {
        note(no_file(file, text.error()), file.place);
        return {};
      }
      said.text = Secret(std::move(*text));
    } else {
      const auto path = found(file.path);
      if (!path) {
        note(no_file(file, path.error()), file.place);
        return {};
      }
      auto answer = provide_(file.provider, *path);
      if (!answer && answer.error().place.file.empty()) answer.error().place = file.place;
      if (!answer) return failed(answer);
      said = std::move(*answer);
    }
    auto entries = entries_of(file, said);
    if (!entries) {
      mistakes_.push_back(std::move(entries.error()));
      return {};
    }
    std::map<std::string, const EnvEntry*> last;
    for (const auto& entry : *entries) last[entry.name] = &entry;
    read_.push_back({called(file), last.size()});
    for (const auto& [name, entry] : last) add(file, *entry);
    return {};
  }

  Error no_file(const EnvFile& file, const Error& why) const {
    const auto real = real_path(file.path);
    Error e = error("variables.no_file", fmt::format("{} of {} cannot be read: {}", file.path,
                                                     spec_.id.text(), why.message));
    if (why.code == "file.not_found" || why.code == "path.not_found")
      e.message = fmt::format("{} of {} is not there", real ? *real : file.path, spec_.id.text());
    if (!real)
      e.hint = fmt::format(
          "put it into the tree, or say where it lies in the host file's "
          "environments: {{{}: {{files: {{{}: /its/path}}}}}}",
          spec_.id.text(), file.path);
    return e;
  }

  void add(const EnvFile& file, const EnvEntry& entry) {
    Place place = file.provider.empty() ? Place{file.path, entry.line, 1, 1, ""} : file.place;
    redirect(entry.name, entry.value.reveal(), place);
    const auto known = variables_.find(entry.name);
    if (known == variables_.end()) {
      variables_[entry.name] = {entry.value,
                                file.provider.empty() ? file_and_line(place) : called(file), true};
    } else if (known->second.value.reveal() != entry.value.reveal()) {
      note(error("variables.conflict",
                 fmt::format("{} has one value {} and another from {}", entry.name,
                             file.provider.empty() ? "here" : "from " + called(file),
                             known->second.from))
               .next(known->second.secret ? "keep one of them"
                                          : "take it out here: the reconciler sets it"),
           std::move(place));
    }
  }

  void redirect(const std::string& name, const std::string& value, const Place& place) {
    if (!redirects(name)) return;
    if (name == "COMPOSE_PROJECT_NAME") {
      if (value == project_of(spec_)) return;
      return note(
          error("compose.env_redirect",
                fmt::format("COMPOSE_PROJECT_NAME is not the project of {}, which is \"{}\"",
                            spec_.id.text(), project_of(spec_)))
              .next("write compose.project in the manifest, or take this out"),
          place);
    }
    note(error("compose.env_redirect",
               fmt::format("{} would tell Compose what the manifest and the host file say", name))
             .next(name == "COMPOSE_FILE" ? "write compose.files in the manifest, and take this out"
                                          : "take it out"),
         place);
  }

  /// A variable of `set`, with what it refers to. Its own name means the env files' value.
  const Variable* resolve(const SetVariable& one) {
    if (const auto done = set_.find(one.name); done != set_.end()) return &done->second;
    if (unfilled_.contains(one.name)) return nullptr;
    if (resolving_.contains(one.name) || resolving_.size() >= deepest_set) {
      note(resolving_.contains(one.name)
               ? error("variables.cycle", fmt::format("{} is made of itself", one.name))
                     .next("take one of its variables out")
               : error("variables.too_deep",
                       fmt::format("{} stands more than {} variables deep", one.name, deepest_set))
                     .next("write its value out"),
           one.place);
      unfilled_.insert(one.name);
      return nullptr;
    }
    resolving_.insert(one.name);
    Variables in;
    bool whole = true;
    const auto names = references(one.text);
    if (!names) {
      note(names.error(), one.place);
      whole = false;
    } else {
      for (const auto& name : *names) {
        const auto text = texts_.find(name);
        const auto known = variables_.find(name);
        const Variable* value = nullptr;
        if (text != texts_.end() && name != one.name)
          value = resolve(*text->second);
        else if (known != variables_.end())
          value = &known->second;
        else
          missing_.push_back({name, MissingVariable::What::not_set, file_and_line(one.place)});
        if (value)
          in[name] = *value;
        else
          whole = false;
      }
    }
    resolving_.erase(one.name);
    if (!whole) {
      unfilled_.insert(one.name);
      return nullptr;
    }
    auto text = expand(one.text, in, one.place);
    if (!text) {
      unfilled_.insert(one.name);
      mistakes_.push_back(std::move(text.error()));
      return nullptr;
    }
    Variable value{std::move(text->text), "`set` in " + file_and_line(one.place), text->secret};
    return &set_.emplace(one.name, std::move(value)).first->second;
  }

  std::vector<std::string> looked_in() const {
    std::vector<std::string> out;
    for (const auto& [path, names] : read_)
      out.push_back(fmt::format("{} ({})", path, count(names, "name")));
    if (!spec_.set.empty()) out.push_back("`set` in " + file_and_line(spec_.set.front().place));
    return out;
  }

  std::string mend() const {
    if (spec_.env_files.empty()) return "add them to `set`, or name an env_file";
    if (const auto& provider = spec_.env_files.front().provider; !provider.empty())
      return fmt::format("mend them in {}", provider);
    const std::string& path = spec_.env_files.front().path;
    return fmt::format("mend them in {}", real_path(path).value_or(path));
  }

  const EnvironmentSpec& spec_;
  const std::string& tree_;
  const std::map<std::string, std::string>& files_;
  const Provide& provide_;
  Variables variables_;
  Variables set_;
  std::map<std::string, const SetVariable*> texts_;
  std::set<std::string> resolving_;
  std::vector<std::pair<std::string, size_t>> read_;
  std::vector<MissingVariable> missing_;
  std::set<std::string> unfilled_;  // of `set`; why is said by a mistake or in missing_
  std::vector<Error> mistakes_;
};

}  // namespace

Result<Variables> load_variables(const EnvironmentSpec& spec, const std::string& commit,
                                 const std::string& tree,
                                 const std::map<std::string, std::string>& files,
                                 const Provide& provide) {
  return Loader(spec, tree, files, provide).load(commit);
}

Result<Variables> known_variables(const EnvironmentSpec& spec, const std::string& commit,
                                  const std::string& tree,
                                  const std::map<std::string, std::string>& files,
                                  const Provide& provide) {
  return Loader(spec, tree, files, provide).known(commit);
}

}  // namespace reconciler
