// One folder of state files: where it may lie, whose it is, what stands in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/base/result.hpp"

namespace reconciler::files {

/// Whose a folder is: written beside its files as `.reconciler`.
struct Owner {
  std::string environment;  ///< APP/ENV
  std::string lineage;
  bool operator==(const Owner&) const = default;
};

/// `folder` is absolute, tidy, and lies under one of `roots`, symbolic links followed; otherwise
/// `path.policy` with the line that the host file wants (`host_file` names it).
Status check_place(const std::string& folder, const std::vector<std::string>& roots,
                   const std::string& host_file);

/// None where nobody has written there. `state.unreadable` when `.reconciler` is not ours to read.
Result<std::optional<Owner>> read_owner(const std::string& folder);
/// `state.lineage` when the folder is another environment's, or another installation's that is not
/// among `adopted`.
Status check_owner(const std::string& folder, const Owner& owner,
                   const std::vector<std::string>& adopted);

/// What a state file says: its text without white space around it. None where it is missing;
/// what is no plain, short file says `(not a file)`.
Result<std::optional<std::string>> read_value(const std::string& folder, const std::string& name);
/// Makes the folder (0755) where it is missing, claims it, and replaces the file as a whole (0644).
Status write_value(const std::string& folder, const Owner& owner, const std::string& name,
                   const std::string& value);

}  // namespace reconciler::files
