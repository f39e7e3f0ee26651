// What the Engine showed of containers, kept for as long as it would tell of any change: a process
// that listens to it need not ask again for what has not changed.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/base/json.hpp"

namespace reconciler::docker {

/// Inspects by container ID. Keeps nothing until somebody listens. Thread-safe.
class Inspected {
 public:
  /// Taken before the Engine is asked: what is told of after it may be missing in the answer.
  using Moment = std::uint64_t;
  Moment now() const;

  /// Each change of a container is told from here on.
  void listening();
  /// Changes may not have been told: nothing is kept any more.
  void lost();
  /// Its inspect is another one by now.
  void changed(const std::string& id);
  /// Any of them may have changed, and it may be told later: what we do ourselves.
  void all_changed();

  /// An answer to what was asked at `asked`; kept where nothing changed since then, and it runs.
  void keep(Moment asked, const std::string& id, const Json& inspect);
  /// The inspect of a container that the Engine lists in that state (`running`).
  std::optional<Json> find(const std::string& id, std::string_view state) const;
  /// There is one of that name.
  bool knows(std::string_view name) const;
  /// Compose's project of a container; empty where it is not known.
  std::string project_of(const std::string& id) const;

 private:
  struct One {
    std::string name;
    std::string project;
    std::string state;
    std::string text;  ///< a tenth of what it takes when it is parsed
  };

  mutable std::mutex mutex_;
  bool listening_ = false;
  Moment moment_ = 0;
  std::map<std::string, One> all_;
};

}  // namespace reconciler::docker
