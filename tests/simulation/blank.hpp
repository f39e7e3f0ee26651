// A state folder as the first start of the program leaves it.
#pragma once

#include <map>
#include <stdexcept>
#include <string>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/ledger/ledger.hpp"
#include "tests/simulation/world.hpp"

namespace reconciler::simulation {

/// Its files by name, made once and never changed: to make a ledger takes longer than three passes.
inline const std::map<std::string, std::string>& blank_state() {
  static const auto files = [] {
    const std::string folder = "/dev/shm/reconciler-blank-" + to_hex(random_bytes(8));
    const SimClock clock;
    if (auto ledger = Ledger::open(folder, clock); !ledger)
      throw std::runtime_error(render(ledger.error()));
    std::map<std::string, std::string> all;
    const auto names = list_folder(folder).value();
    for (const auto& name : names)
      if (name != "ledger.db-shm") all[name] = read_file(folder + "/" + name).value();
    (void)remove_tree(folder);
    return all;
  }();
  return files;
}

/// A folder of that name, as if the program had been started there once. All of them have one key.
inline void lay_blank(const std::string& folder) {
  if (auto made = make_folders(folder); !made) throw std::runtime_error(render(made.error()));
  for (const auto& [name, content] : blank_state())
    if (auto written = replace_file(folder + "/" + name, content); !written)
      throw std::runtime_error(render(written.error()));
}

}  // namespace reconciler::simulation
