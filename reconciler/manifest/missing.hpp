// Which variables have no usable value: required ones, and those that texts refer to.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/manifest/variables.hpp"

namespace reconciler {

class MissingSearch {
 public:
  /// `known` is what was found missing already, `follows` the names that are missing only for want
  /// of it and so get no row. `spec` and `variables` outlive the search.
  MissingSearch(const EnvironmentSpec& spec, const Variables& variables,
                std::vector<MissingVariable> known, std::set<std::string> follows)
      : spec_(spec),
        variables_(variables),
        earlier_(std::move(known)),
        named_(std::move(follows)) {}

  /// A row a name, required ones first.
  std::vector<MissingVariable> run();

 private:
  void add(MissingVariable one);
  void require(const RequiredVariable& one);
  void refer(const Json& text, const std::string& pointer);
  std::string hint(const std::string& name) const;

  const EnvironmentSpec& spec_;
  const Variables& variables_;
  std::vector<MissingVariable> earlier_;
  std::vector<MissingVariable> out_;
  std::set<std::string> named_;
};

}  // namespace reconciler
