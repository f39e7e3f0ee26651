#include "plugins/files/folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "reconciler/base/failpoint.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/json.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::files {
namespace {

constexpr size_t most_bytes = 4096;
constexpr const char* no_file = "(not a file)";

std::string owner_path(const std::string& folder) {
  return folder + "/.reconciler";
}

/// With every symbolic link that is there followed.
std::string real_path(const std::string& path) {
  std::error_code ec;
  const auto real = std::filesystem::weakly_canonical(path, ec);
  return ec ? std::string() : clean_path(real.string());
}

}  // namespace

Status check_place(const std::string& folder, const std::vector<std::string>& roots,
                   const std::string& host_file) {
  const auto refusal = [&](std::string_view rule) {
    return error("path.policy", fmt::format("state_files \"{}\" {}", printable(folder, 200), rule));
  };
  if (!folder.starts_with('/')) return failure(refusal("is not an absolute path"));
  if (clean_path(folder) != folder)
    return failure(refusal("is not written plainly: \"..\", \".\" and \"//\" are not taken"));
  const std::string real = real_path(folder);
  const bool allowed =
      !real.empty() && std::any_of(roots.begin(), roots.end(), [&](const auto& root) {
        return lies_under(folder, root) && lies_under(real, real_path(root));
      });
  if (allowed) return {};
  return failure(
      refusal(real == folder ? "lies outside the folders that this host allows"
                             : fmt::format("leads to {}, outside the folders that this host allows",
                                           printable(real, 200)))
          .next(fmt::format("allow it in {}: policy: {{ state_files: [{}] }}", host_file, folder)));
}

Result<std::optional<Owner>> read_owner(const std::string& folder) {
  auto text = read_file(owner_path(folder), most_bytes, false);
  if (!text && text.error().code == "file.not_found") return std::optional<Owner>();
  if (text)
    if (const auto json = parse_json(*text)) {
      Owner owner{text_at(*json, "environment"), text_at(*json, "lineage")};
      if (!owner.environment.empty() && !owner.lineage.empty())
        return std::optional(std::move(owner));
    }
  return failure(error("state.unreadable",
                       fmt::format("{} does not say whose the folder is", owner_path(folder)))
                     .next("remove that file if no other reconciler writes there"));
}

Status check_owner(const std::string& folder, const Owner& owner,
                   const std::vector<std::string>& adopted) {
  auto found = read_owner(folder);
  if (!found) return failed(found);
  if (!*found || **found == owner) return {};
  const Owner& other = **found;
  if (other.environment != owner.environment)
    return failure(error("state.lineage", fmt::format("{} holds the state files of {}", folder,
                                                      printable(other.environment, 130)))
                       .next("give each environment state_files of its own"));
  if (std::find(adopted.begin(), adopted.end(), other.lineage) != adopted.end()) return {};
  return failure(error("state.lineage",
                       fmt::format("{} was written by another reconciler; {} is not this one's",
                                   folder, owner.environment))
                     .with("theirs", printable(other.lineage, 60))
                     .with("ours", owner.lineage)
                     .next(fmt::format("once the other is gone: reconciler adopt {} --lineage {}",
                                       owner.environment, printable(other.lineage, 60))));
}

Result<std::optional<std::string>> read_value(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  auto text = read_file(path, most_bytes, false);
  if (text) return std::optional(std::string(trim(*text)));
  if (text.error().code == "file.not_found") return std::optional<std::string>();
  if (text.error().code == "path.symlink" || text.error().code == "file.too_large" ||
      is_folder(path))
    return std::optional<std::string>(no_file);
  return failed(text);
}

Status write_value(const std::string& folder, const Owner& owner, const std::string& name,
                   const std::string& value) {
  if (auto made = make_folders(folder, 0755); !made) return made;
  auto found = read_owner(folder);
  if (!found) return failed(found);
  if (!*found || **found != owner) {
    const std::string text = boost::json::serialize(
        JsonObject{{"environment", owner.environment}, {"lineage", owner.lineage}});
    if (auto point = failpoint("files.claim.before"); !point) return point;
    if (auto claimed = replace_file(owner_path(folder), text + "\n", 0644); !claimed)
      return claimed;
    if (auto point = failpoint("files.claim.after"); !point) return point;
  }
  return replace_file(folder + "/" + name, value + "\n", 0644);
}

}  // namespace reconciler::files
