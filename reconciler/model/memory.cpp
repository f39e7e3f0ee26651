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

std::string tag_of_once(const std::string& once_key) {
  const auto at = once_key.rfind('@');
  if (at == std::string::npos) return "";
  return once_key.substr(at + 1, once_key.find('+', at) - at - 1);
}

std::string for_people(const Suspension& suspension) {
  std::string out = "by " + suspension.who + " since " + to_text(suspension.at);
  if (suspension.until) out += " until " + to_text(*suspension.until);
  return suspension.reason.empty() ? out : out + ": " + suspension.reason;
}

}  // namespace reconciler
