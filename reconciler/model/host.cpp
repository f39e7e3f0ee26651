#include "reconciler/model/host.hpp"

namespace reconciler {

std::string root_name_of(const Repository& repository) {
  std::string name = repository.url.substr(repository.url.find_last_of("/:") + 1);
  if (name.ends_with(".git")) name.resize(name.size() - 4);
  return name;
}

}  // namespace reconciler
