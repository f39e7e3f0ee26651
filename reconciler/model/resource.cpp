#include "reconciler/model/resource.hpp"

namespace reconciler {

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::supply:
      return "supply";
    case Phase::preflight:
      return "preflight";
    case Phase::start:
      return "start";
    case Phase::backup:
      return "backup";
    case Phase::release:
      return "release";
    case Phase::change:
      return "switch";
    case Phase::after:
      return "after";
    case Phase::verify:
      return "verify";
    case Phase::record:
      return "record";
    case Phase::prune:
      return "prune";
  }
  return "?";
}

std::string_view to_text(Health health) {
  switch (health) {
    case Health::none:
      return "none";
    case Health::starting:
      return "starting";
    case Health::well:
      return "well";
    case Health::unwell:
      return "unwell";
    case Health::unknown:
      return "unknown";
  }
  return "?";
}

}  // namespace reconciler
