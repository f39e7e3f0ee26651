#include "plugins/docker/services/inspected.hpp"

#include <algorithm>

#include "plugins/docker/services/names.hpp"

namespace reconciler::docker {

Inspected::Moment Inspected::now() const {
  const std::lock_guard lock(mutex_);
  return moment_;
}

void Inspected::listening() {
  const std::lock_guard lock(mutex_);
  listening_ = true;
  ++moment_;
  all_.clear();
}

void Inspected::lost() {
  const std::lock_guard lock(mutex_);
  listening_ = false;
  ++moment_;
  all_.clear();
}

void Inspected::changed(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++moment_;
  all_.erase(id);
}

void Inspected::all_changed() {
  const std::lock_guard lock(mutex_);
  ++moment_;
  all_.clear();
}

void Inspected::keep(Moment asked, const std::string& id, const Json& inspect) {
  const std::lock_guard lock(mutex_);
  // Not each change of one that is stopped is told: its networks, on Engine 20.10.
  const auto status = text_at(member_or_null(inspect, "State"), "Status");
  if (!listening_ || asked != moment_ || status != "running") return;
  auto name = text_at(inspect, "Name");
  if (name.starts_with("/")) name.erase(0, 1);
  all_[id] = {std::move(name),
              text_at(member_or_null(member_or_null(inspect, "Config"), "Labels"), label::project),
              text_at(member_or_null(inspect, "State"), "Status"), canonical(inspect)};
}

std::optional<Json> Inspected::find(const std::string& id, std::string_view state) const {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    const auto found = all_.find(id);
    if (found == all_.end() || found->second.state != state) return std::nullopt;
    text = found->second.text;
  }
  auto inspect = parse_json(text);
  if (!inspect) return std::nullopt;
  return std::move(*inspect);
}

bool Inspected::knows(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(all_, [&](const auto& one) { return one.second.name == name; });
}

std::string Inspected::project_of(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(id);
  return found == all_.end() ? "" : found->second.project;
}

}  // namespace reconciler::docker
