#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugins/docker/compose/interpolate.hpp"
#include "plugins/docker/compose/stack.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t most_files = 64;
constexpr std::array<const char*, 4> names = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                              "docker-compose.yaml"};
constexpr std::array<const char*, 4> overrides = {"compose.override.yml", "compose.override.yaml",
                                                  "docker-compose.override.yml",
                                                  "docker-compose.override.yaml"};

/// What Compose's loaders of other machines would take: git (also `github.com/...`), OCI, http.
bool remote(std::string_view path) {
  return path.find("://") != std::string_view::npos || path.starts_with("git@") ||
         path.starts_with("github.com/") || path.starts_with("oci:");
}

using Kind = YamlNode::Kind;

class Reader {
 public:
  Reader(const Tree& tree, const Variables& variables) : tree_(tree), variables_(variables) {}

  Result<Stack> run(const std::vector<std::string>& files) {
    const auto paths = files.empty() ? found() : files;
    for (size_t i = 0; i < paths.size(); ++i)
      open(paths[i], {}, {fmt::format("#/compose/files/{}", i), 0, 0, 1, ""}, "the compose file",
           false);
    stack_.given = stack_.files.size();
    if (stack_.given == 0 && errors_.empty())
      errors_.push_back(
          error("path.not_found",
                fmt::format("the tree has no {}", join({names.begin(), names.end()}, ", ")))
              .at({"#/compose/files", 0, 0, 1, ""})
              .next("name the compose file under `compose:`"));
    for (size_t i = 0; i < stack_.files.size() && errors_.size() < 50; ++i) check(i);
    if (!errors_.empty()) return failure(gather(std::move(errors_)));
    return std::move(stack_);
  }

 private:
  std::vector<std::string> found() const {
    const auto there = [&](const char* name) { return tree_.entry(name) || tree_.placed(name); };
    std::vector<std::string> out;
    if (const auto* it = std::find_if(names.begin(), names.end(), there); it != names.end())
      out.emplace_back(*it);
    if (out.empty()) return out;
    if (const auto* it = std::find_if(overrides.begin(), overrides.end(), there);
        it != overrides.end())
      out.emplace_back(*it);
    return out;
  }

  Place at(const StackFile& file, int line, int column) const {
    std::string source;
    size_t begin = 0;
    for (int i = 1; i < line && begin != std::string::npos; ++i) {
      begin = file.text.find('\n', begin);
      if (begin != std::string::npos) ++begin;
    }
    if (begin != std::string::npos)
      source = file.text.substr(begin, file.text.find('\n', begin) - begin);
    return {file.shown, line, column, 1, source.size() > 200 ? "" : source};
  }

  void refuse(std::string code, std::string message, Place place, std::string hint = "") {
    errors_.push_back(
        error(std::move(code), std::move(message)).at(std::move(place)).next(std::move(hint)));
  }

  /// Checks that a path may be read at all; nothing where it may not, or where it is optional and
  /// not there.
  std::optional<Located> allowed(std::string_view written, const StackFile& file,
                                 const Place& place, const std::string& what,
                                 bool required = true) {
    const bool hidden = file.own_variables && written.find('$') != std::string_view::npos;
    const auto path = hidden ? std::nullopt : interpolate(written, variables_);
    if (!path) {
      refuse("compose.unsupported",
             fmt::format("what {} \"{}\" is cannot be told without Compose", what,
                         printable(written, 200)),
             place, hidden ? "write the path itself" : "write ${NAME} or ${NAME:-text}");
      return std::nullopt;
    }
    if (remote(*path)) {
      refuse("compose.remote_denied",
             fmt::format("{} \"{}\" would be fetched from another machine", what,
                         printable(written, 200)),
             place, "put a copy into the repository");
      return std::nullopt;
    }
    auto located = tree_.locate(file.folder, *path, what);
    if (located) return *located;
    if (located.error().code == "path.not_found" && !required) return std::nullopt;
    errors_.push_back(std::move(located.error()).at(place));
    return std::nullopt;
  }

  std::optional<size_t> open(const std::string& written, const StackFile& from, const Place& place,
                             const std::string& what, bool extended) {
    const auto located = allowed(written, from, place, what);
    if (!located) return std::nullopt;
    for (size_t i = 0; i < stack_.files.size(); ++i)
      if (stack_.files[i].real == located->real) return i;
    if (located->entry && located->entry->kind == TreeEntry::Kind::folder) {
      refuse("path.not_file", fmt::format("{} \"{}\" is a folder", what, printable(written, 200)),
             place);
      return std::nullopt;
    }
    if (stack_.files.size() >= most_files) {
      refuse("compose.too_large", fmt::format("more than {} compose files", most_files), place);
      return std::nullopt;
    }
    StackFile file;
    file.shown = located->relative;
    file.real = located->real;
    file.extended = extended;
    auto text = read_file(file.real, largest_yaml);
    if (!text) {
      errors_.push_back(std::move(text.error()).at(place));
      return std::nullopt;
    }
    file.text = std::move(*text);
    auto root = parse_yaml(file.text, file.shown);
    if (!root) {
      Place where = root.error().place;
      errors_.push_back(std::move(root.error()).at(at(file, where.line, where.column)));
      return std::nullopt;
    }
    file.root = std::move(*root);
    stack_.files.push_back(std::move(file));
    return stack_.files.size() - 1;
  }

  static std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
  }

  void check(size_t index) {
    const StackFile file = stack_.files[index];  // a copy: opening others moves them
    if (const auto* name = find(*file.root, "name"); name && name->value && !file.extended)
      if (const auto filled = interpolate(name->value->text, variables_);
          filled && index < stack_.given)
        stack_.name = *filled;
    if (const auto* include = find(*file.root, "include"); include && include->value)
      includes(file, *include->value);
    for (const char* kind : {"secrets", "configs"})
      if (const auto* section = find(*file.root, kind); section && section->value)
        for (const auto* entry : entries_of(*section->value))
          if (const auto* source = entry->value ? find(*entry->value, "file") : nullptr;
              source && source->value)
            (void)allowed(source->value->text, file, at(file, source->line, source->column),
                          fmt::format("the file of {}.{}", kind, entry->key));
    const auto* services = find(*file.root, "services");
    if (!services || !services->value) return;
    for (const auto* service : entries_of(*services->value))
      if (service->value) check_service(file, *service);
  }

  void includes(const StackFile& file, const YamlNode& list) {
    for (const auto& item : list.items) {
      const Place place = at(file, item->line, item->column);
      if (item->kind == Kind::scalar) {
        include(file, item->text, place);
        continue;
      }
      for (const auto* entry : entries_of(*item))
        if (entry->key != "path" && entry->key != "project_directory" && entry->key != "env_file")
          refuse("compose.unsupported", fmt::format("include.{} is not supported", entry->key),
                 at(file, entry->line, entry->column));
      include(file, *item, place);
    }
  }

  /// The long form: several files that override each other, and where their relative paths and
  /// their variables come from.
  void include(const StackFile& file, const YamlNode& item, const Place& place) {
    const YamlEntry* path = find(item, "path");
    const YamlEntry* env_file = find(item, "env_file");
    const YamlEntry* directory = find(item, "project_directory");
    if (env_file && env_file->value) files_of(file, *env_file->value, "the env_file of an include");
    std::optional<Located> folder;
    if (directory && directory->value) {
      folder = allowed(directory->value->text, file, place, "the project_directory of an include");
      if (!folder) return;
    }
    for (const auto& written : texts_of(path))
      include(file, written, place, folder ? std::optional(folder->relative) : std::nullopt,
              env_file != nullptr);
  }

  /// `folder`: where its relative paths count from; its own where none is given.
  void include(const StackFile& file, const std::string& path, const Place& place,
               std::optional<std::string> folder = std::nullopt, bool env_file = false) {
    const size_t known = stack_.files.size();
    const auto opened = open(path, file, place, "the included file", file.extended);
    if (!opened) return;
    const std::string counts_from = folder.value_or(folder_of(stack_.files[*opened].shown));
    reach(*opened, *opened < known, counts_from,
          file.own_variables || env_file || reads_env_file(counts_from), place);
  }

  /// A file is looked at once, so it must mean the same however it is reached: with another folder,
  /// or with variables of its own, other files would be read than those that were looked at.
  void reach(size_t index, bool before, const std::string& folder, bool own_variables,
             const Place& place) {
    StackFile& file = stack_.files[index];
    if (before && (file.folder != folder || file.own_variables != own_variables))
      return refuse("compose.unsupported",
                    fmt::format("{} is read in two ways here: from another folder, or with other "
                                "variables",
                                file.shown),
                    place, "include it once, or make a copy of it");
    file.folder = folder;
    file.own_variables = own_variables;
  }

  /// Compose reads the `.env` beside what is included, unasked.
  bool reads_env_file(const std::string& folder) const {
    const std::string env = folder.empty() ? ".env" : folder + "/.env";
    return tree_.entry(env) || tree_.placed(env);
  }

  /// One text, or several.
  static std::vector<std::string> texts_of(const YamlEntry* entry) {
    std::vector<std::string> out;
    if (!entry || !entry->value) return out;
    if (entry->value->kind == Kind::scalar) out.push_back(entry->value->text);
    for (const auto& item : entry->value->items) out.push_back(item->text);
    return out;
  }

  void check_service(const StackFile& file, const YamlEntry& service) {
    if (const auto* extends = find(*service.value, "extends"); extends && extends->value) {
      const auto* other = find(*extends->value, "file");
      const size_t known = stack_.files.size();
      if (other && other->value) {
        const Place place = at(file, other->line, other->column);
        if (const auto opened = open(other->value->text, file, place,
                                     fmt::format("extends.file of {}", service.key), true))
          reach(*opened, *opened < known, folder_of(stack_.files[*opened].shown),
                file.own_variables, place);
      }
    }
    for (const char* key : {"env_file", "label_file"}) {
      const auto* entry = find(*service.value, key);
      if (entry && entry->value)
        files_of(file, *entry->value, fmt::format("the {} of {}", key, service.key));
    }
  }

  void files_of(const StackFile& file, const YamlNode& value, const std::string& what) {
    if (value.kind == Kind::scalar) {
      (void)allowed(value.text, file, at(file, value.line, value.column), what);
    } else if (value.kind == Kind::sequence) {
      for (const auto& item : value.items)
        if (item->kind != Kind::sequence) files_of(file, *item, what);
    } else if (value.kind == Kind::map) {
      const auto* required = find(value, "required");
      const auto* path = find(value, "path");
      if (path && path->value)
        (void)allowed(path->value->text, file, at(file, path->line, path->column), what,
                      !(required && required->value && required->value->text == "false"));
    }
  }

  const Tree& tree_;
  const Variables& variables_;
  Stack stack_;
  std::vector<Error> errors_;
};

}  // namespace

Result<Stack> read_stack(const Tree& tree, const std::vector<std::string>& files,
                         const Variables& variables) {
  return Reader(tree, variables).run(files);
}

}  // namespace reconciler::docker
