#include "reconciler/driver/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

/// Where a step stands in the manifest's lists; what a driver adds of its own comes first.
class ManifestOrder {
 public:
  explicit ManifestOrder(const Json& sections) {
    read(member(sections, "release"), release_);
    if (const Json* verify = member(sections, "verify")) read(member(*verify, "checks"), checks_);
  }
  auto of(const Step& step) const {
    const bool check = step.work.phase == Phase::verify;
    const auto& places = check ? checks_ : release_;
    const auto found = places.find(step.name);
    return std::tuple(check, found == places.end() ? size_t{0} : found->second + 1);
  }

 private:
  using Places = std::map<std::string, size_t>;
  static void read(const Json* list, Places& into) {
    if (!list || !list->is_array()) return;
    for (size_t i = 0; i < list->get_array().size(); ++i)
      into.emplace(text_at(list->get_array()[i], "name"), i);
  }
  Places release_;
  Places checks_;
};

void append(Observation one, Observation& all) {
  std::move(one.resources.begin(), one.resources.end(), std::back_inserter(all.resources));
  std::move(one.notices.begin(), one.notices.end(), std::back_inserter(all.notices));
}

Observation sorted(Observation all) {
  std::stable_sort(all.resources.begin(), all.resources.end(),
                   [](const Resource& a, const Resource& b) { return a.id < b.id; });
  return all;
}

}  // namespace

Status Drivers::add(std::unique_ptr<Driver> driver, std::shared_ptr<const void> with) {
  Description description = driver->describe();
  if (description.name.empty())
    return failure(error("driver.nameless", "a driver describes itself without a name"));
  if (find(description.name))
    return failure(
        error("driver.duplicate", fmt::format("there are two drivers \"{}\"", description.name)));
  const auto after = std::find_if(drivers_.begin(), drivers_.end(), [&](const Known& k) {
    return k.description.name > description.name;
  });
  drivers_.insert(after, {std::move(description), std::move(with), std::move(driver)});
  return {};
}

Driver* Drivers::find(std::string_view name) const {
  for (const auto& known : drivers_)
    if (known.description.name == name) return known.driver.get();
  return nullptr;
}

Result<Driver*> Drivers::performer(const Work& work) const {
  const std::string name = work.targets.empty() ? "" : work.targets.front().driver;
  if (Driver* driver = find(name)) return driver;
  std::vector<std::string> names;
  for (const auto& known : drivers_) names.push_back(known.description.name);
  return failure(
      error("driver.unknown", fmt::format("no driver \"{}\" is here to {}", name, work.verb))
          .with("drivers", names.empty() ? "none" : enumerate(names)));
}

std::vector<Driver*> Drivers::all() const {
  std::vector<Driver*> out;
  for (const auto& known : drivers_) out.push_back(known.driver.get());
  return out;
}

std::vector<Description> Drivers::describe() const {
  std::vector<Description> all;
  for (const auto& known : drivers_) all.push_back(known.description);
  return all;
}

Result<PreparedAll> Drivers::prepare(const Request& request, const Variables& variables,
                                     Deadline deadline) const {
  PreparedAll all;
  std::vector<Error> mistakes;
  JsonObject digests;
  for (const auto& [description, with, driver] : drivers_) {
    auto one = driver->prepare(request, variables, deadline);
    if (!one) {
      for (auto& mistake : flatten(one.error())) mistakes.push_back(std::move(mistake));
      continue;
    }
    digests[description.name] = one->digest;
    all.wanted[description.name] = std::move(one->wanted);
    std::move(one->steps.begin(), one->steps.end(), std::back_inserter(all.steps));
    all.required.merge(one->required);
    all.patience = std::max(all.patience, one->patience);
  }
  if (!mistakes.empty()) return failure(gather(std::move(mistakes)));
  const ManifestOrder order(request.sections);
  std::stable_sort(all.steps.begin(), all.steps.end(),
                   [&](const Step& a, const Step& b) { return order.of(a) < order.of(b); });
  all.digest = sha256(canonical(digests));
  return all;
}

Result<Observation> Drivers::observe(const EnvironmentId& id,
                                     const std::map<std::string, Json>& wanted,
                                     const Memory& memory, const Variables& variables,
                                     Deadline deadline) const {
  Observation all;
  for (const auto& [description, with, driver] : drivers_) {
    const auto own = wanted.find(description.name);
    if (own == wanted.end()) continue;
    auto one = driver->observe(id, own->second, memory, variables, deadline);
    if (!one) return failed(one);
    append(std::move(*one), all);
  }
  return sorted(std::move(all));
}

Result<SealedRecords> Drivers::snapshot(const EnvironmentId& id,
                                        const std::map<std::string, Json>& wanted,
                                        Deadline deadline) const {
  SealedRecords all;
  for (const auto& [description, with, driver] : drivers_) {
    const auto own = wanted.find(description.name);
    if (own == wanted.end()) continue;
    auto some = driver->snapshot(id, own->second, deadline);
    if (!some) return failed(some);
    for (const auto& [of, snapshot] : *some)
      if (of.driver != description.name)
        return failure(error("driver.protocol", fmt::format("driver {} has a record of {}",
                                                            description.name, of.text())));
    all.merge(*some);
  }
  return all;
}

Status Drivers::restore(Desired& into, const std::string& lineage, const SealedRecords& records,
                        bool complete, Deadline deadline) const {
  std::vector<Error> reasons;
  for (const auto& [description, with, driver] : drivers_) {
    const auto wanted = into.wanted.find(description.name);
    if (wanted == into.wanted.end()) continue;
    Recorded recorded{into.id, lineage, into.tag, wanted->second, {}, {}, complete};
    std::vector<Step*> own;
    for (auto& step : into.steps)
      if (!step.work.targets.empty() && step.work.targets[0].driver == description.name) {
        own.push_back(&step);
        recorded.steps.push_back(step);
      }
    for (const auto& [id, record] : records)
      if (id.driver == description.name) recorded.records[id] = record;
    auto again = driver->restore(recorded, deadline);
    if (!again) {
      for (auto& reason : flatten(again.error())) reasons.push_back(std::move(reason));
      continue;
    }
    if (again->steps.size() != own.size())
      return failure(
          error("driver.protocol", fmt::format("driver {} has {} of {} again", description.name,
                                               again->steps.size(), count(own.size(), "step"))));
    wanted->second = std::move(again->wanted);
    for (size_t i = 0; i < own.size(); ++i) *own[i] = std::move(again->steps[i]);
  }
  if (!reasons.empty()) return failure(gather(std::move(reasons)));
  return {};
}

Result<Observation> Drivers::left_behind(const EnvironmentId& id,
                                         const std::map<std::string, Json>& wanted,
                                         const std::set<std::string>& lineages,
                                         Deadline deadline) const {
  Observation all;
  for (const auto& known : drivers_) {
    const auto own = wanted.find(known.description.name);
    auto one = known.driver->left_behind(id, own == wanted.end() ? Json() : own->second, lineages,
                                         deadline);
    if (!one) return failed(one);
    append(std::move(*one), all);
  }
  return sorted(std::move(all));
}

std::vector<Finding> Drivers::check(Deadline deadline) const {
  std::vector<Finding> all;
  for (const auto& known : drivers_) {
    auto one = known.driver->check(deadline);
    std::move(one.begin(), one.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace reconciler
