// Versions, what their tags became, and who of the host counts on it.
#include <gmock/gmock.h>

#include "tests/unit/ledger/support.hpp"

namespace reconciler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const EnvironmentId stage{"portfolio", "stage"};
const ResourceId backend{"compose", "image", "backend:v1"};
const ResourceId latest{"compose", "image", "worker:latest"};

class ArtifactsTest : public testing::Test {
 protected:
  Folder folder;
  MovedClock clock;
  std::unique_ptr<Ledger> ledger = open_ledger(folder / "state", clock);

  Release at(const std::string& tag, int seconds) {
    Release release = release_of(tag);
    release.at += std::chrono::seconds(seconds);
    return release;
  }
  void record(const std::string& tag) {
    const RunId run = *ledger->begin_run(start_of("", tag));
    ASSERT_TRUE(ledger->record(run, release_of(tag), {}));
  }
  std::vector<std::string> versions() {
    std::vector<std::string> all;
    const auto memory = ledger->memory(production);
    for (const auto& one : memory->versions) {
      const auto from = std::to_string((one.from - release_of("").at).count());
      all.push_back(one.tag + " from " + from +
                    (one.until ? " for " + for_people(*one.until - one.from) : ""));
    }
    return all;
  }
  std::vector<std::string> claimants(const EnvironmentId& of, const ResourceId& artifact) {
    std::vector<std::string> all;
    const auto claims = *ledger->claims(of, {artifact});
    if (const auto found = claims.find(artifact); found != claims.end())
      for (const auto& claim : found->second) all.push_back(claim.id.text() + " " + claim.inputs);
    return all;
  }
};

TEST_F(ArtifactsTest, WhatWasAdoptedIsAVersion) {
  record("v0");
  ASSERT_TRUE(ledger->adopt(production,
                            {.who = "anna", .current = at("v2", 60), .previous = at("v1", 30)}));
  EXPECT_THAT(versions(), ElementsAre("v2 from 60", "v1 from 30 for 30 s", "v0 from 0 for 30 s"));
}

TEST_F(ArtifactsTest, WhatATagBecameIsItsVersions) {
  ASSERT_TRUE(ledger->claim(production, "v1", {{backend, "in"}, {latest, ""}}));
  Memory memory = *ledger->memory(production);
  ASSERT_EQ(memory.tried.size(), 1U);
  EXPECT_EQ(memory.tried[0].tag, "v1");
  EXPECT_EQ(memory.tried[0].at, clock.wall());
  EXPECT_THAT(memory.tried[0].artifacts, ElementsAre(Pair(backend, "in"), Pair(latest, "")));
  record("v1");
  memory = *ledger->memory(production);
  EXPECT_THAT(memory.tried, IsEmpty());
  ASSERT_EQ(memory.versions.size(), 1U);
  EXPECT_THAT(memory.versions[0].artifacts, ElementsAre(Pair(backend, "in"), Pair(latest, "")));
}

TEST_F(ArtifactsTest, OthersAreToldWhoCountsOnWhat) {
  ASSERT_TRUE(ledger->claim(production, "v1", {{backend, "in"}}));
  ASSERT_TRUE(ledger->claim(stage, "v1", {{backend, "in"}, {latest, ""}}));
  EXPECT_THAT(claimants(production, backend), ElementsAre("portfolio/stage in"));
  EXPECT_THAT(claimants(stage, backend), ElementsAre("portfolio/production in"));
  EXPECT_THAT(claimants(stage, latest), IsEmpty());
}

TEST_F(ArtifactsTest, OneNameMadeFromOtherInputsIsRefused) {
  ASSERT_TRUE(ledger->claim(stage, "v1", {{backend, "theirs"}}));
  EXPECT_EQ(
      told(ledger->claim(production, "v1", {{backend, "mine"}, {latest, ""}})),
      "error image.shared: portfolio/production wants backend:v1 built from other inputs than "
      "portfolio/stage, which counts on it, and on one host a name stands for one image\n"
      "  next  name them apart in the compose file, `image: "
      "backend-${ENVIRONMENT}:${TAG}`, or give one of the two another tag; or, where "
      "portfolio/stage is not to be any more: reconciler remove portfolio/stage\n");
  EXPECT_THAT(ledger->memory(production)->tried, IsEmpty());
  // Nobody pulled from other inputs, and once the other one has let it go it is free.
  EXPECT_TRUE(ledger->claim(production, "v1", {{backend, ""}}));
  ASSERT_TRUE(ledger->release(stage, {{"v1", backend}}));
  EXPECT_TRUE(ledger->claim(production, "v1", {{backend, "mine"}}));
}

TEST_F(ArtifactsTest, WhatATagWasMadeOfUnderAnotherNameRefusesNobody) {
  const ResourceId own{"compose", "image", "backend-stage:v1"};
  ASSERT_TRUE(ledger->claim(stage, "v1", {{backend, "theirs"}}));
  ASSERT_TRUE(ledger->claim(stage, "v1", {{own, "theirs"}}));
  // It is still there, and stage's to remove.
  EXPECT_THAT(ledger->memory(stage)->tried[0].artifacts,
              ElementsAre(Pair(own, "theirs"), Pair(backend, "theirs")));
  EXPECT_THAT(claimants(production, backend), ElementsAre("portfolio/stage "));
  EXPECT_TRUE(ledger->claim(production, "v1", {{backend, "mine"}}));
  // As it was again, it would be fought for.
  EXPECT_EQ(ledger->claim(stage, "v1", {{backend, "theirs again"}}).error().code, "image.shared");
}

TEST_F(ArtifactsTest, WhatIsCountedOnAlreadyIsNeverRefused) {
  ASSERT_TRUE(ledger->claim(stage, "v1", {{backend, "same"}}));
  ASSERT_TRUE(ledger->claim(production, "v1", {{backend, "same"}}));
  EXPECT_EQ(ledger->claim(stage, "v2", {{backend, "other"}}).error().code, "image.shared");
  EXPECT_TRUE(ledger->claim(stage, "v1", {{backend, "same"}}));
}

TEST_F(ArtifactsTest, ANameStandsForOneThingOnly) {
  ASSERT_TRUE(ledger->claim(production, "v1", {{latest, "of v1"}, {backend, "of v1"}}));
  record("v1");
  ASSERT_TRUE(ledger->claim(production, "v2", {{latest, "of v2"}}));
  record("v2");
  const Memory memory = *ledger->memory(production);
  EXPECT_THAT(memory.versions[0].artifacts, ElementsAre(Pair(latest, "of v2")));
  EXPECT_THAT(memory.versions[1].artifacts, ElementsAre(Pair(backend, "of v1")));
}

TEST_F(ArtifactsTest, WhatIsGoneIsForgottenHereAlone) {
  ASSERT_TRUE(ledger->claim(production, "v1", {{latest, "in"}}));
  ASSERT_TRUE(ledger->claim(production, "v2", {{latest, "in"}}));
  ASSERT_TRUE(ledger->claim(stage, "v1", {{latest, "in"}}));
  ASSERT_TRUE(ledger->forget(production, latest));
  EXPECT_THAT(ledger->memory(production)->tried, IsEmpty());
  EXPECT_THAT(claimants(production, latest), ElementsAre("portfolio/stage in"));
}

}  // namespace
}  // namespace reconciler
