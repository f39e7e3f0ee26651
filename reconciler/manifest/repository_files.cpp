#include "reconciler/manifest/repository_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/manifest/document.hpp"

namespace reconciler {
namespace {

namespace fs = std::filesystem;

constexpr size_t most_folders = 20'000;
constexpr size_t most_files = 2'000;
constexpr int deepest_folder = 12;
constexpr std::string_view manifest_name = "reconciler.yaml";
constexpr std::string_view environments_name = "environments";

std::string joined(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

class Walk {
 public:
  explicit Walk(const std::string& root) : root_(root) {}

  Result<std::vector<ApplicationFiles>> run() {
    if (!is_folder(root_))
      return failure(error("manifest.no_folder", fmt::format("there is no folder {}", root_)));
    if (auto walked = visit("", 0); !walked) return failed(walked);
    std::ranges::sort(found_, {}, &ApplicationFiles::folder);
    return std::move(found_);
  }

 private:
  fs::file_status status(const std::string& relative) const {
    std::error_code ignored;
    return fs::symlink_status(fs::path(root_) / relative, ignored);
  }

  Status visit(const std::string& folder, int depth) {
    if (++folders_ > most_folders)
      return failure(
          error("manifest.too_many", fmt::format("more than {} folders to look in", most_folders))
              .next("give manifests a repository of their own"));
    const auto names = list_folder((fs::path(root_) / folder).string());
    if (!names) return failure(names.error());
    const auto here = [&](std::string_view name) {
      return std::ranges::find(*names, name) != names->end();
    };
    const bool application = here(manifest_name);
    if (application)
      if (auto added = add(folder, here(environments_name)); !added) return added;
    if (!application && here("reconciler.yml")) misnamed(folder);
    for (const auto& name : *names) {
      if (name.starts_with('.') || (application && name == environments_name)) continue;
      const std::string inner = joined(folder, name);
      if (depth < deepest_folder && status(inner).type() == fs::file_type::directory)
        if (auto walked = visit(inner, depth + 1); !walked) return walked;
    }
    return {};
  }

  void misnamed(const std::string& folder) {
    ApplicationFiles wrong{.folder = folder, .manifest = ""};
    wrong.mistakes.push_back(
        error("manifest.file_name", "a manifest is called reconciler.yaml, and this is not read")
            .at(whole_file(joined(folder, "reconciler.yml")))
            .next("rename it"));
    found_.push_back(std::move(wrong));
  }

  Status add(const std::string& folder, bool with_environments) {
    ApplicationFiles one{.folder = folder, .manifest = joined(folder, manifest_name)};
    if (with_environments) {
      const std::string inner = joined(folder, environments_name);
      if (status(inner).type() == fs::file_type::symlink)
        one.mistakes.push_back(
            error("path.symlink", "the folder is a symbolic link").at(whole_file(inner)));
      else if (auto listed = list_environments(inner, one); !listed)
        return listed;
    }
    files_ += 1 + one.environments.size();
    if (files_ > most_files)
      return failure(
          error("manifest.too_many", fmt::format("more than {} files to read", most_files))
              .next("split the repository"));
    found_.push_back(std::move(one));
    return {};
  }

  Status list_environments(const std::string& folder, ApplicationFiles& one) const {
    const auto names = list_folder((fs::path(root_) / folder).string());
    if (!names) return failure(names.error());
    for (const auto& name : *names) {
      if (name.starts_with('.')) continue;
      if (name.ends_with(".yaml"))
        one.environments.push_back({name.substr(0, name.size() - 5), joined(folder, name)});
      else if (name.ends_with(".yml"))
        one.mistakes.push_back(
            error("manifest.file_name", "an environment's file ends in .yaml, and this is not read")
                .at(whole_file(joined(folder, name)))
                .next("rename it"));
    }
    return {};
  }

  std::string root_;
  std::vector<ApplicationFiles> found_;
  size_t folders_ = 0;
  size_t files_ = 0;
};

}  // namespace

Result<std::vector<ApplicationFiles>> find_applications(const std::string& root) {
  return Walk(root).run();
}

}  // namespace reconciler
