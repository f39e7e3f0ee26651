#include "plugins/docker/services/differ.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "plugins/docker/services/compare.hpp"
#include "plugins/docker/services/ids.hpp"
#include "plugins/docker/services/mounts.hpp"
#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {
namespace {

const Difference only_before{"there", "yes", "no"};
const Difference only_after{"there", "no", "yes"};

/// A name on the Engine less what Compose puts before it: of two environments these differ always.
std::string within(const CompiledModel& model, const std::string& name) {
  const std::string prefix = model.project + "_";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

class Differ {
 public:
  Differ(const CompiledModel& a, const CompiledModel& b) : a_(a), b_(b) {}

  Observation operator()() {
    each(named(a_.containers), named(b_.containers), "service",
         [&](const Container& one, const Container& other) { return fields(one, other); });
    each(pointers(a_.tasks), pointers(b_.tasks), "task",
         [&](const Container& one, const Container& other) { return fields(one, other); });
    const auto options = [](const auto& one, const auto& other) {
      std::vector<Difference> out;
      if (one.external != other.external)
        out.push_back({"external", one.external ? "yes" : "no", other.external ? "yes" : "no"});
      if (without_labels(one.config) != without_labels(other.config))
        out.push_back({"options", "", ""});
      return out;
    };
    each(keyed(a_.networks), keyed(b_.networks), "network", options);
    each(keyed(a_.volumes), keyed(b_.volumes), "volume", options);
    builds();
    return std::move(out_);
  }

 private:
  template <class T>
  using Named = std::map<std::string, const T*>;

  static Named<Container> named(const std::vector<Container>& all) {
    Named<Container> out;
    for (const auto& one : all) out[service_id(one).name] = &one;
    return out;
  }
  static Named<Container> pointers(const std::map<std::string, Container>& all) {
    Named<Container> out;
    for (const auto& [name, one] : all) out[name] = &one;
    return out;
  }
  template <class T>
  static Named<T> keyed(const std::vector<T>& all) {
    Named<T> out;
    for (const auto& one : all) out[one.key] = &one;
    return out;
  }

  /// Compose's labels and the name tell the project, which is no difference.
  static Json without_labels(const Json& config) {
    Json out = config;
    if (JsonObject* all = out.if_object()) {
      all->erase("Name");
      if (JsonObject* labels = (*all)["Labels"].if_object()) {
        std::vector<std::string> of_compose;
        for (const auto& [key, value] : *labels)
          if (std::string_view(key).starts_with(label::compose_prefix))
            of_compose.emplace_back(key);
        for (const auto& key : of_compose) labels->erase(key);
      }
    }
    return without_empty(out);
  }

  void add(const std::string& kind, const std::string& name, std::vector<Difference> differences) {
    if (differences.empty()) return;
    Resource r;
    r.id = {std::string(driver_name), kind, name};
    r.differences = std::move(differences);
    out_.resources.push_back(std::move(r));
  }

  template <class T, class Compare>
  void each(const Named<T>& before, const Named<T>& after, const std::string& kind,
            const Compare& compare) {
    std::set<std::string> names;
    for (const auto& [name, one] : before) names.insert(name);
    for (const auto& [name, one] : after) names.insert(name);
    for (const auto& name : names) {
      const auto was = before.find(name);
      const auto is = after.find(name);
      if (was == before.end())
        add(kind, name, {only_after});
      else if (is == after.end())
        add(kind, name, {only_before});
      else
        add(kind, name, compare(*was->second, *is->second));
    }
  }

  std::vector<Difference> fields(const Container& one, const Container& other) const {
    auto out = compare_records(one, other);
    mounts(one, other, out);
    networks(one, other, out);
    std::set<std::string> before;
    std::set<std::string> after;
    for (const auto& d : one.depends_on) before.insert(d.service + " " + d.condition);
    for (const auto& d : other.depends_on) after.insert(d.service + " " + d.condition);
    if (before != after) out.push_back({"depends on", "", ""});
    return out;
  }

  void mounts(const Container& one, const Container& other, std::vector<Difference>& out) const {
    const auto before = mounts_of(one.config, member_or_null(one.config, "HostConfig"));
    const auto after = mounts_of(other.config, member_or_null(other.config, "HostConfig"));
    std::set<std::string> targets;
    for (const auto& [target, mount] : before) targets.insert(target);
    for (const auto& [target, mount] : after) targets.insert(target);
    for (const auto& target : targets) {
      const auto was = before.find(target);
      const auto is = after.find(target);
      if (was == before.end())
        out.push_back({"mount " + target, "none", is->second.type});
      else if (is == after.end())
        out.push_back({"mount " + target, was->second.type, "none"});
      else if (was->second.type != is->second.type ||
               within(a_, was->second.source) != within(b_, is->second.source) ||
               was->second.read_only != is->second.read_only ||
               was->second.options != is->second.options)
        out.push_back({"mount " + target, "", ""});
    }
  }

  void networks(const Container& one, const Container& other, std::vector<Difference>& out) const {
    std::set<std::string> before;
    std::set<std::string> after;
    for (const auto& endpoint : one.endpoints) before.insert(within(a_, endpoint.network));
    for (const auto& endpoint : other.endpoints) after.insert(within(b_, endpoint.network));
    for (const auto& name : before)
      if (!after.contains(name)) out.push_back({"network " + name, "on it", "not on it"});
    for (const auto& name : after)
      if (!before.contains(name)) out.push_back({"network " + name, "not on it", "on it"});
  }

  /// What an image is built from, where nothing else of its service tells it.
  void builds() {
    Named<Image> before;
    Named<Image> after;
    for (const auto& image : a_.images)
      if (!image.build_service.empty()) before[image.build_service] = &image;
    for (const auto& image : b_.images)
      if (!image.build_service.empty()) after[image.build_service] = &image;
    for (const auto& [service, image] : before) {
      const auto other = after.find(service);
      if (other == after.end())
        add("build", service, {{"built", "here", "not built"}});
      else if (other->second->inputs != image->inputs)
        add("build", service, {{"what it is built from", "", ""}});
    }
    for (const auto& [service, image] : after)
      if (!before.contains(service)) add("build", service, {{"built", "not built", "here"}});
  }

  const CompiledModel& a_;
  const CompiledModel& b_;
  Observation out_;
};

}  // namespace

Observation differ(const CompiledModel& a, const CompiledModel& b) {
  return Differ(a, b)();
}

}  // namespace reconciler::docker
