// What a switch says of how long people had to do without.
#include "plugins/docker/services/downtime.hpp"

#include <gtest/gtest.h>

namespace reconciler::docker {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since) {
  return Instant{} + since;
}

TEST(Downtime, IsFromTheFirstStopToTheStartOfWhicheverTookItsPlace) {
  Downtime downtime;
  EXPECT_EQ(downtime.words(), "");
  downtime.started("web-db-1", at(1s));  // was not stopped by us
  downtime.stopped("web-web-1", at(2s));
  EXPECT_EQ(downtime.words(), "") << "it does not run again";
  downtime.stopped("web-web-1", at(3s));
  downtime.started("web-web-1", at(4s));
  EXPECT_EQ(downtime.words(), "down for 2 s");
  downtime.started("web-web-1", at(2999ms));
  EXPECT_EQ(downtime.words(), "down for < 1 s");
}

TEST(Downtime, OfSeveralIsThatOfEachOrTheLongest) {
  Downtime downtime;
  downtime.stopped("web-a-1", at(1s));
  downtime.stopped("web-b-1", at(2s));
  downtime.started("web-a-1", at(3s));
  downtime.started("web-b-1", at(4s));
  EXPECT_EQ(downtime.words(), "each down for 2 s");
  downtime.started("web-b-1", at(7s));
  EXPECT_EQ(downtime.words(), "each down for 5 s at most");
}

}  // namespace
}  // namespace reconciler::docker
