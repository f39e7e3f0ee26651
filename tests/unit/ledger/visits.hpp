// What the tests of a cut of power share: folders to live in, and a count of all that they visit.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/ledger/images.hpp"
#include "tests/unit/ledger/support.hpp"

namespace reconciler::power {

/// In memory: what is asked of the disk is recorded all the same.
class Folders {
 public:
  Folders() {
    char name[] = "/dev/shm/power-loss-XXXXXX";
    path_ = ::mkdtemp(name);
    std::filesystem::create_directory(path_ + "/life");
  }
  ~Folders() { (void)remove_tree(path_); }
  std::string life() const { return path_ + "/life"; }
  std::string image() const { return path_ + "/image"; }

 private:
  std::string path_;
};

/// What all tests of the program visited.
inline Counts total;

class Visits : public testing::Test {
 protected:
  static void count(const Counts& counts) {
    total.images += counts.images;
    total.writes += counts.writes;
    total.syncs += counts.syncs;
    total.cuts += counts.cuts;
  }
  static void expect_none(std::vector<std::string> faults) {
    const size_t n = faults.size();
    faults.resize(std::min<size_t>(n, 3));
    EXPECT_THAT(faults, testing::IsEmpty()) << n << " in all";
  }
  /// With RECONCILER_DEEP=1 a few times as many.
  static Selection usual() {
    const char* deep = std::getenv("RECONCILER_DEEP");
    return deep && std::string(deep) == "1" ? Selection{4000, 8, 24, 24} : Selection{};
  }

  Folders folders;
  MovedClock clock;
  const std::string state = folders.life() + "/state";
};

}  // namespace reconciler::power
