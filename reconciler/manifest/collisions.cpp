#include "reconciler/manifest/collisions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "reconciler/base/json.hpp"

namespace reconciler {
namespace {

/// What is claimed, by whom, and where that is written.
using Claim = std::pair<std::string, std::string>;  // host, value
using Claims = std::map<Claim, std::vector<const EnvironmentSpec*>>;

Place project_place(const EnvironmentSpec& spec) {
  return place_at(spec.places, "/compose/project");
}

class Collisions {
 public:
  Collisions(Manifests& manifests, bool one_host) : manifests_(manifests), one_host_(one_host) {}

  void run() {
    std::map<EnvironmentId, std::vector<const EnvironmentSpec*>> names;
    Claims projects;
    Claims folders;
    for (const auto& spec : manifests_.environments) {
      names[spec.id].push_back(&spec);
      const std::string host = one_host_ ? "" : spec.host;
      const Json* compose = member(spec.sections, "compose");
      projects[{host, compose ? text_at(*compose, "project") : ""}].push_back(&spec);
      if (!spec.state_files.empty()) folders[{host, spec.state_files}].push_back(&spec);
    }
    for (const auto& [id, claimants] : names) same_name(claimants);
    for (const auto& [claim, claimants] : projects)
      fight(claimants, "env.project_collision", "the Compose project", claim.second, project_place,
            "give one of them a compose.project of its own, or each the `host` it runs on");
    for (const auto& [claim, claimants] : folders)
      fight(
          claimants, "env.state_collision", "the state files' folder", claim.second,
          [](const EnvironmentSpec& spec) { return spec.state_files_place; },
          "give one of them a state_files of its own, or each the `host` it runs on");
    std::erase_if(manifests_.environments,
                  [&](const EnvironmentSpec& spec) { return out_.contains(&spec); });
    for (auto& one : broken_) manifests_.broken.push_back(std::move(one));
  }

 private:
  void refuse(const EnvironmentSpec& spec, Error e) {
    out_.insert(&spec);
    broken_.push_back({spec.id.application, spec.id.environment, std::move(e)});
  }

  void same_name(const std::vector<const EnvironmentSpec*>& claimants) {
    if (claimants.size() < 2) return;
    for (const auto* spec : claimants) {
      const auto* other = claimants[spec == claimants[0] ? 1 : 0];
      refuse(*spec, error("env.duplicate_name",
                          fmt::format("{} is there twice, in {} as well", spec->id.text(),
                                      file_and_line(other->tag_place)))
                        .at(spec->tag_place)
                        .next("give one application another name: name: ..."));
    }
  }

  template <class PlaceOf>
  void fight(const std::vector<const EnvironmentSpec*>& claimants, const char* code,
             const char* what, const std::string& value, PlaceOf place_of, const char* hint) {
    if (claimants.size() < 2) return;
    for (const auto* spec : claimants) {
      const auto* other = claimants[spec == claimants[0] ? 1 : 0];
      if (spec->id == other->id) continue;  // said already
      refuse(*spec, error(code, fmt::format("{} \"{}\" of {} is also that of {} ({})", what, value,
                                            spec->id.text(), other->id.text(),
                                            file_and_line(place_of(*other))))
                        .at(place_of(*spec))
                        .next(hint));
    }
  }

  Manifests& manifests_;
  bool one_host_;
  std::set<const EnvironmentSpec*> out_;
  std::vector<Broken> broken_;
};

}  // namespace

void refuse_collisions(Manifests& manifests, bool one_host) {
  Collisions(manifests, one_host).run();
}

}  // namespace reconciler
