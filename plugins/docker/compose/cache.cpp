#include "plugins/docker/compose/cache.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "plugins/docker/compose/tree.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {
namespace {

// To be raised whenever the compiler makes something else of the same inputs.
constexpr int format = 4;
constexpr size_t most_model = size_t{256} << 20U;
constexpr size_t most_file = size_t{4} << 20U;
constexpr size_t most_entries = 2000;

std::string stat_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return "none";
  return fmt::format("{}:{}:{}.{}:{}", s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                     s.st_mode);
}

/// What Compose may read there: a file by its content, a folder by what a look at its entries
/// tells.
std::string digest_of(const std::string& path, std::string_view key) {
  if (!is_folder(path)) {
    const auto text = read_file(path, most_file);
    return text ? keyed_digest(key, *text) : stat_of(path);
  }
  std::vector<std::string> entries;
  std::error_code ec;
  using Walk = std::filesystem::recursive_directory_iterator;
  for (auto it = Walk(path, std::filesystem::directory_options::skip_permission_denied, ec);
       !ec && it != Walk() && entries.size() < most_entries; it.increment(ec))
    entries.push_back(it->path().string() + " " + stat_of(it->path().string()));
  std::sort(entries.begin(), entries.end());
  std::string all;
  for (const auto& entry : entries) all += entry + "\n";
  return sha256(all);
}

}  // namespace

Result<std::string> cache_key(const CompileInput& input, const Variables& variables,
                              const std::string& plugin, const std::string& api_version,
                              const InstallationKey& key) {
  const auto index = read_file(input.tree_index, largest_index);
  if (!index) return failure(index.error());
  JsonObject files;
  if (const Json* places = member(input.host, "files"); places && places->is_object())
    for (const auto& pair : places->get_object())
      if (pair.value().is_string())
        files[pair.key()] = digest_of(std::string(pair.value().get_string()), key.bytes);
  JsonObject named;
  for (const auto& [name, variable] : variables)
    named[name] = JsonArray{Json(variable.value.digest(key.bytes)), Json(variable.secret)};
  const JsonObject all = {{"format", format},
                          {"id", input.id.text()},
                          {"tag", input.tag},
                          {"sections", input.sections},
                          {"tree", input.tree},
                          {"index", sha256(*index)},
                          {"commit", input.commit},
                          {"objects", input.objects},
                          {"host", input.host},
                          {"files", std::move(files)},
                          {"variables", std::move(named)},
                          {"plugin", plugin + " " + stat_of(plugin)},
                          {"api", api_version}};
  return keyed_digest(key.bytes, canonical(all));
}

Result<CompiledModel> load_model(const std::string& folder, const std::string& name,
                                 const InstallationKey& key) {
  auto box = read_file(folder + "/" + name, most_model);
  if (!box)
    return failure(
        error("cache.missing", fmt::format("the compiled model {} is gone", name.substr(0, 12)))
            .next("plan again: it is compiled anew"));
  auto plain = unseal(key, "compiled:" + name, Sealed{std::move(*box)});
  if (!plain) return failed(plain);
  auto value = parse_in_one_piece(*plain);
  if (!value) return failed(value);
  return compiled_model_from_json(std::move(*value));
}

Status store_model(const std::string& folder, const CompiledModel& model,
                   const InstallationKey& key) {
  auto sealed = seal(key, "compiled:" + model.key, boost::json::serialize(to_json(model)));
  if (!sealed) return failed(sealed);
  if (auto made = make_folders(folder, 0700); !made) return made;
  if (auto point = failpoint("model.keep.before"); !point) return point;
  if (auto done = replace_file(folder + "/" + model.key, sealed->box, 0600); !done) return done;
  return failpoint("model.keep.after");
}

}  // namespace reconciler::docker
