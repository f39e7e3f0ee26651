// The variables of an environment: names, where each came from, and values that cannot be printed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/base/error.hpp"
#include "reconciler/base/expand.hpp"
#include "reconciler/base/secret.hpp"

namespace reconciler {

struct Variable {
  Secret value;
  std::string from;    ///< `set in reconciler.yaml:7`, `.env.production:3`
  bool secret = true;  ///< false only for what stands in the manifest itself, or is always there
};

using Variables = std::map<std::string, Variable>;

/// Their values, for fill(); they must outlive it.
inline SecretLookup lookup_in(const Variables& variables) {
  return [&variables](std::string_view name) -> const Secret* {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? nullptr : &found->second.value;
  };
}

}  // namespace reconciler
