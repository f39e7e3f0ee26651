// Writes the resolved model of an environment, as `docker compose -f -` takes it, to standard
// output: it lies sealed in the state folder. `resolved-model STATE APP/ENV`
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "plugins/docker/compose/cache.hpp"
#include "reconciler/base/filesystem.hpp"

namespace {

/// The newest of what was compiled for it.
std::string newest_in(const std::string& folder) {
  std::string name;
  std::filesystem::file_time_type at;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (name.empty() || entry.last_write_time() > at) {
      name = entry.path().filename();
      at = entry.last_write_time();
    }
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const std::string state = argv[1];
  const std::string folder = state + "/compiled/" + argv[2];
  auto key = reconciler::read_file(state + "/key", 1024);
  if (!key) return std::fprintf(stderr, "%s\n", key.error().message.c_str()), 1;
  auto model = reconciler::docker::load_model(folder, newest_in(folder), {*key});
  if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;
  std::cout << boost::json::serialize(model->resolved);
  return 0;
}
