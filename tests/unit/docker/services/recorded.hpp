// A stack whose versions are recorded: what the driver seals is handed back to it, as the ledger
// does.
#pragma once

#include "plugins/docker/services/records.hpp"
#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {

class RecordedStack : public Replacement {
 protected:
  RecordedStack() {
    memory.lineage = "lineage";
    memory.newest_attempt = 1'000'000;
  }

  static RecordOwner owner(const std::string& tag) { return {"lineage", {"a", "p"}, tag}; }
  static ResourceId id(const std::string& kind, const std::string& name) {
    return {"compose", kind, name};
  }

  SealedRecords snapshot(const std::string& tag) {
    const Json version =
        JsonObject{{"lineage", "lineage"}, {"tag", tag}, {"tasks", JsonArray{Json("warm")}}};
    auto records = driver_->snapshot(
        {"a", "p"}, JsonObject{{"model", compiler_.model.key}, {"version", version}},
        Deadline(clock_, std::chrono::seconds(1)));
    EXPECT_TRUE(records) << (records ? "" : render(records.error()));
    return records ? *records : SealedRecords{};
  }

  /// As the ledger would.
  void record(const std::string& tag) {
    memory.current = Release{tag, "c", "d", WallTime(std::chrono::seconds(engine_.now + 1))};
    engine_.now += 10;
    memory.snapshots.clear();
    for (auto& [of, record] : snapshot(tag))
      if (record.at_each_look) memory.snapshots[of] = record;
  }

  Memory memory;
};

}  // namespace reconciler::docker
