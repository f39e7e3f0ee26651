#include "reconciler/manifest/served.hpp"

#include <algorithm>

#include "reconciler/manifest/collisions.hpp"

namespace reconciler {

bool serves(const Host& host, const EnvironmentSpec& spec) {
  if (!host.serve.empty()) return std::ranges::find(host.serve, spec.id.text()) != host.serve.end();
  return spec.host.empty() || spec.host == host.name;
}

Manifests served(std::vector<Manifests> repositories, const Host& host) {
  Manifests all;
  for (auto& one : repositories) {
    for (auto& spec : one.environments)
      if (serves(host, spec)) all.environments.push_back(std::move(spec));
    for (auto& broken : one.broken) all.broken.push_back(std::move(broken));
    all.files += one.files;
    all.files_wrong += one.files_wrong;
  }
  std::ranges::stable_sort(all.environments, {}, &EnvironmentSpec::id);
  refuse_collisions(all, true);
  return all;
}

}  // namespace reconciler
