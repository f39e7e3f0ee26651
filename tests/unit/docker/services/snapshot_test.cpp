// What is sealed of a version is what was made, exactly; and nobody else's box opens in its place.
#include <gmock/gmock.h>

#include "plugins/docker/services/creation.hpp"
#include "plugins/docker/services/names.hpp"
#include "tests/unit/docker/services/recorded.hpp"

namespace reconciler::docker {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string canary = "c4nary";

class SnapshotTest : public RecordedStack {
 protected:
  void deploy() {
    change = [](CompiledModel& model) {
      Container& web = model.containers[1];
      web.files = {{"/etc/cfg", 0444, 0, 0, canary, false}};
      web.config.as_object()["Labels"].as_object()[files_label] =
          digest_of_files(web.files, installation_key);
      web.pre_stop = {JsonObject{{"Cmd", JsonArray{Json(canary)}}}};
      model.tasks = {{"warm", container("warm", "img:v1", canary)},
                     {"migrate", container("migrate", "img:v1", "m")}};
      model.resolved = JsonObject{{"services", JsonObject{{"web", canary}}}};
      model.sources = {{"/state/objects/abc", "nginx.conf"}};
      model.commit = "c0ffee";
    };
    for (const auto* value : {"1", "2"}) {  // the second has the first one's volumes
      want(value);
      while (!plan().empty()) ASSERT_TRUE(apply());
    }
  }
  Json opened(const SealedRecords& records, const ResourceId& of) {
    auto plain = open_record(installation_key, owner("v1"), of, records.at(of).sealed);
    EXPECT_TRUE(plain) << (plain ? "" : render(plain.error()));
    return plain ? *plain : Json();
  }
};

TEST_F(SnapshotTest, OpensToExactlyWhatWasMade) {
  deploy();
  engine_.networks["theirs"] = JsonObject{{"Name", "theirs"}, {"Id", "n1"}};
  auto& made = *engine_.named("a-web-1");
  made.networks["theirs"] = JsonObject{{"Aliases", JsonArray{Json("web-there")}}};
  made.network_ids["theirs"] = "n1";
  const auto record = service_record_from_json(opened(snapshot("v1"), id("service", "web")));
  EXPECT_EQ(record.id, made.id);
  EXPECT_EQ(record.image_id, made.image_id);
  EXPECT_EQ(record.volumes, made.anonymous);
  ASSERT_EQ(record.container.endpoints.size(), 3U);
  EXPECT_EQ(record.container.endpoints[2].network, "theirs");
  EXPECT_EQ(texts_at(record.container.endpoints[2].config, "Aliases"), Texts{"web-there"});
  Container wanted = record.container;
  wanted.endpoints.pop_back();
  EXPECT_EQ(to_json(wanted), to_json(compiler_.model.containers[1]));
  // The call that made it, from the record alone.
  Creation creation;
  creation.environment = {"a", "p"};
  creation.lineage = record.labels.at(std::string(label::lineage));
  creation.attempt = record.labels.at(std::string(label::attempt));
  creation.image_id = record.image_id;
  creation.image_config = &engine_.images[0].config;
  creation.volumes = record.volumes;
  EXPECT_EQ(canonical(*creation_body(record.container, creation)), canonical(made.body));
}

TEST_F(SnapshotTest, TheEnvironmentsHasWhatItsContainersHaveInCommon) {
  deploy();
  auto record = environment_record_from_json(opened(snapshot("v1"), id("record", "a")));
  ASSERT_TRUE(record) << render(record.error());
  EXPECT_EQ(record->tag, "v1");
  EXPECT_EQ(record->frame.commit, "c0ffee");
  EXPECT_EQ(record->frame.sources, compiler_.model.sources);
  EXPECT_EQ(record->frame.networks.size(), 2U);
  // Nothing that runs once a tag is ever run on a way back.
  ASSERT_EQ(record->frame.tasks.size(), 1U);
  EXPECT_EQ(to_json(record->frame.tasks.at("warm")), to_json(compiler_.model.tasks.at("warm")));
  EXPECT_EQ(record->image_ids.at("img:v1"), engine_.images[0].id);
  EXPECT_TRUE(record->frame.containers.empty());
  EXPECT_EQ(record->services, (Texts{"db", "web"}));
}

TEST_F(SnapshotTest, ChangesNothingAndShowsNothing) {
  deploy();
  const auto changes = engine_.changes;
  for (const auto& [of, record] : snapshot("v1")) {
    EXPECT_THAT(record.sealed.box, Not(HasSubstr(canary))) << of.text();
    EXPECT_EQ(record.at_each_look, of.kind.ends_with("pre_stop")) << of.text();
    EXPECT_LT(record.at_each_look ? record.sealed.box.size() : 0, 1000U);
  }
  EXPECT_EQ(engine_.changes, changes);
}

TEST_F(SnapshotTest, WhatIsNotAsWantedHasNone) {
  deploy();
  engine_.named("a-web-1")->body.as_object()["Env"] = JsonArray{Json("A=by hand")};
  const auto records = snapshot("v1");
  EXPECT_FALSE(records.contains(id("service", "web")));
  EXPECT_FALSE(records.contains(id("pre_stop", "web")));
  EXPECT_FALSE(opened(records, id("no_pre_stop", "a")).as_object().contains("web"));
  EXPECT_TRUE(records.contains(id("service", "db")));
}

TEST_F(SnapshotTest, OpensForItsOwnerAlone) {
  deploy();
  const auto web = id("service", "web");
  const Sealed box = snapshot("v1").at(web).sealed;
  const auto opens = [&](const InstallationKey& key, const RecordOwner& by, const ResourceId& as,
                         const Sealed& what) {
    auto plain = open_record(key, by, as, what);
    if (!plain) {
      EXPECT_EQ(plain.error().code, "seal.broken");
    }
    return plain.has_value();
  };
  EXPECT_TRUE(opens(installation_key, owner("v1"), web, box));
  EXPECT_FALSE(opens(installation_key, owner("v2"), web, box)) << "another version";
  EXPECT_FALSE(opens(installation_key, owner("v1"), id("service", "db"), box)) << "another row";
  EXPECT_FALSE(opens(installation_key, owner("v1"), id("pre_stop", "web"), box));
  EXPECT_FALSE(opens(installation_key, {"lineage", {"a", "stage"}, "v1"}, web, box));
  EXPECT_FALSE(opens(installation_key, {"other", {"a", "p"}, "v1"}, web, box));
  EXPECT_FALSE(opens({std::string(32, 'x')}, owner("v1"), web, box)) << "another installation";
  EXPECT_FALSE(opens({}, owner("v1"), web, box)) << "no key";
  EXPECT_FALSE(opens(installation_key, owner("v1"), web, {}));
  for (size_t at = 0; at < box.box.size(); at += 1 + box.box.size() / 50) {
    Sealed changed = box;
    changed.box[at] = static_cast<char>(changed.box[at] ^ 1);
    EXPECT_FALSE(opens(installation_key, owner("v1"), web, changed)) << at;
    EXPECT_FALSE(opens(installation_key, owner("v1"), web, {box.box.substr(0, at)})) << at;
  }
}

}  // namespace
}  // namespace reconciler::docker
