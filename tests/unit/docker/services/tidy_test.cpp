// What is swept from the folder of objects, and what stays there.
#include "plugins/docker/tidy.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <ctime>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/held.hpp"
#include "tests/unit/docker/services/replacement.hpp"

namespace reconciler::docker {
namespace {

using testing::UnorderedElementsAre;

class Tidy : public Replacement {
 protected:
  void SetUp() override { ASSERT_TRUE(make_folders(models_of(context, id), 0700)); }
  void TearDown() override { (void)remove_tree(state); }

  /// `name` in objects, last written to so many hours ago.
  void lies(const std::string& name, int hours) {
    const std::string path = state + "/objects/" + name;
    ASSERT_TRUE(make_folders(path, 0755));
    ASSERT_TRUE(replace_file(path + "/file", "text", 0644));
    const timespec then{std::time(nullptr) - hours * 3600L, 0};
    const timespec times[] = {then, then};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  Texts after_a_sweep() {
    const auto done = tidy(context, id, "key", {});
    EXPECT_TRUE(done) << (done ? "" : render(done.error()));
    auto names = list_folder(state + "/objects");
    return names ? *names : Texts{};
  }

  const EnvironmentId id{"a", "p"};
  const std::string state = "/dev/shm/reconciler-tidy-" + to_hex(random_bytes(8));
  Context context{engine_, compiler_, clock_, installation_key, {"", "", state, "", ""}, {}};
};

TEST_F(Tidy, WhatWasHalfWrittenByOneThatDiedGoesAfterADay) {
  lies(".staging-0123456789abcdef", 25);
  lies(".staging-fedcba9876543210", 23);
  lies(".removed-" + std::string(40, 'a'), 0);
  lies(std::string(40, 'b'), 0);
  EXPECT_THAT(after_a_sweep(), UnorderedElementsAre(".staging-fedcba9876543210"));
}

TEST_F(Tidy, NothingGoesWhileSomebodyHoldsTheFolder) {
  lies(std::string(40, 'b'), 0);
  {
    const auto held = hold_folder(state + "/objects");
    ASSERT_TRUE(held);
    EXPECT_THAT(after_a_sweep(), UnorderedElementsAre(std::string(40, 'b')));
  }
  EXPECT_THAT(after_a_sweep(), UnorderedElementsAre());
}

}  // namespace
}  // namespace reconciler::docker
