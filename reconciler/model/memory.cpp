#include "reconciler/model/memory.hpp"

namespace reconciler {

std::string_view to_text(Fate fate) {
  switch (fate) {
    case Fate::succeeded:
      return "succeeded";
    case Fate::failed:
      return "failed";
    case Fate::running:
      return "running";
    case Fate::not_started:
      return "not started";
    case Fate::unknown:
      return "unknown";
  }
  return "?";
}

}  // namespace reconciler
