// Requests that ask for something else in one place.
#pragma once

#include <functional>

#include "tests/property/any_request.hpp"

namespace reconciler::property {

struct Change {
  std::string field;
  /// What a difference may be called: the field, and what follows from it by the Engine's rules.
  std::vector<std::string> words;
  std::function<void(AnyRequest&)> make;
  /// False where the field was left to the Engine: asking for it no more, what it has is right.
  bool seen_back = true;
};

/// All single changes that give `request` another meaning.
std::vector<Change> changes_of(const AnyRequest& request);

}  // namespace reconciler::property
