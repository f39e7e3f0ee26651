// What goes over the wire comes back as it was; what is wrong is named.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "reconciler/driver/rpc.hpp"
#include "reconciler/driver/wire.hpp"
#include "tests/unit/driver/values.hpp"

namespace reconciler {
namespace {

/// Through text, as two processes see it.
template <class T>
void comes_back(const T& value) {
  const Json sent = wire::write(value);
  const std::string line = rpc::request(1, "x", sent);
  RC_ASSERT(std::count(line.begin(), line.end(), '\n') == 1);
  const auto message = rpc::parse(std::string_view(line).substr(0, line.size() - 1));
  RC_ASSERT(message.has_value());
  RC_ASSERT(message->params == sent);
  const auto read = wire::read_as<T>(message->params);
  RC_ASSERT(read.has_value());
  RC_ASSERT(wire::write(*read) == sent);
}

/// What the other side reads of a value.
template <class T>
T arrived(const T& value) {
  auto read = wire::read_as<T>(wire::write(value));
  RC_ASSERT(read.has_value());
  return std::move(*read);
}

RC_GTEST_PROP(WireProperty, WorkComesBack, ()) {
  comes_back(values::work());
}
RC_GTEST_PROP(WireProperty, ObservationComesBack, ()) {
  comes_back(values::observation());
}
RC_GTEST_PROP(WireProperty, PreparedComesBack, ()) {
  comes_back(values::prepared());
}
RC_GTEST_PROP(WireProperty, RequestComesBack, ()) {
  comes_back(values::request());
}
RC_GTEST_PROP(WireProperty, MemoryComesBack, ()) {
  comes_back(values::memory());
}
RC_GTEST_PROP(WireProperty, AttemptComesBack, ()) {
  comes_back(values::attempt());
}
RC_GTEST_PROP(WireProperty, OutcomeComesBack, ()) {
  comes_back(values::outcome());
}
RC_GTEST_PROP(WireProperty, DescriptionComesBack, ()) {
  comes_back(values::description());
}
RC_GTEST_PROP(WireProperty, FindingComesBack, ()) {
  comes_back(values::finding());
}
RC_GTEST_PROP(WireProperty, VariablesComeBack, ()) {
  comes_back(values::variables());
}

// `comes_back` compares what is written; these hold `write` itself to every field.
RC_GTEST_PROP(WireProperty, EveryFieldOfAWorkArrives, ()) {
  const Work a = values::work();
  const Work b = arrived(a);
  RC_ASSERT(a.phase == b.phase && a.verb == b.verb && a.targets == b.targets);
  RC_ASSERT(a.effect == b.effect && a.input == b.input && a.expects == b.expects);
  RC_ASSERT(a.needs == b.needs && a.calls == b.calls);
}

RC_GTEST_PROP(WireProperty, EveryFieldOfAResourceArrives, ()) {
  const Resource a = values::resource();
  const Resource b = arrived(a);
  RC_ASSERT(a.id == b.id && a.desired == b.desired && a.observed == b.observed);
  RC_ASSERT(a.differences == b.differences && a.state == b.state && a.summary == b.summary);
  RC_ASSERT(a.health == b.health && a.ours == b.ours && a.reason == b.reason);
  RC_ASSERT(a.artifact == b.artifact && a.inputs == b.inputs && a.version == b.version);
  RC_ASSERT(a.remedies.size() == b.remedies.size());
}

RC_GTEST_PROP(WireProperty, EveryFieldOfAStepArrives, ()) {
  const Step a = values::step();
  const Step b = arrived(a);
  RC_ASSERT(a.name == b.name && a.shown == b.shown && a.once == b.once);
  RC_ASSERT(a.once_key == b.once_key && a.warn == b.warn && a.then.size() == b.then.size());
}

RC_GTEST_PROP(WireProperty, EveryFieldOfAMemoryArrives, ()) {
  const Memory a = values::memory();
  const Memory b = arrived(a);
  RC_ASSERT(a.lineage == b.lineage && a.once == b.once && a.once_attempt == b.once_attempt);
  RC_ASSERT(a.unfinished == b.unfinished && a.changed_to == b.changed_to);
  RC_ASSERT(a.current.has_value() == b.current.has_value());
  RC_ASSERT(a.outdated == b.outdated);
  RC_ASSERT(a.snapshots.size() == b.snapshots.size());
  for (const auto& [id, record] : a.snapshots) {
    RC_ASSERT(b.snapshots.at(id).sealed.box == record.sealed.box);
    RC_ASSERT(b.snapshots.at(id).at_each_look == record.at_each_look);
  }
  if (a.current) RC_ASSERT(a.current->tag == b.current->tag && a.current->at == b.current->at);
}

RC_GTEST_PROP(WireProperty, ReadingTakesAnything, ()) {
  const Json any = values::json(3);
  (void)wire::read_as<Work>(any);
  (void)wire::read_as<Observation>(any);
  (void)wire::read_as<Prepared>(any);
  (void)wire::read_as<Memory>(any);
  (void)wire::read_as<Attempt>(any);
  (void)rpc::parse(boost::json::serialize(any));
}

std::string wrong(const Json& json) {
  const auto read = wire::read_as<Work>(json);
  return read ? "no error" : render(read.error());
}

TEST(Wire, WhatIsWrongIsNamed) {
  Json work = wire::write(Work{});
  work.as_object()["phase"] = "tomorrow";
  EXPECT_EQ(wrong(work), "error driver.protocol: work.phase has no word \"tomorrow\"\n");
  work = wire::write(Work{});
  work.as_object()["calls"] = "create";
  EXPECT_EQ(wrong(work), "error driver.protocol: work.calls is not a list\n");
  work = wire::write(Work{});
  work.as_object()["targets"] = JsonArray{JsonObject{{"driver", 7}}};
  EXPECT_EQ(wrong(work), "error driver.protocol: resource id.driver is not a text\n");
  work.as_object().erase("targets");
  EXPECT_EQ(wrong(work), "error driver.protocol: work.targets is missing\n");
  EXPECT_EQ(wrong(7), "error driver.protocol: work is not an object\n");
}

TEST(Rpc, BytesThatAreNoUtf8BecomeQuestionMarks) {
  const std::string line = rpc::notification(
      "progress", JsonObject{{"line", "ok \xc3\xa9 \xff \xed\xa0\x80 \xf0\x9f\x98\x80 \xe2\x82"}});
  const auto message = rpc::parse(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(message);
  EXPECT_EQ(text_at(message->params, "line"), "ok \xc3\xa9 ? ??? \xf0\x9f\x98\x80 ??");
}

TEST(Rpc, AnErrorKeepsAllThatItSays) {
  const Error e =
      error("variables.missing", "3 variables").with("looked in", "doppler").next("mend").passing();
  const std::string line = rpc::refusal(4, e);
  const auto message = rpc::parse(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(message && message->error);
  EXPECT_EQ(render(*message->error), render(e));
  EXPECT_EQ(message->error->lasting, Lasting::transient);
}

TEST(Rpc, WhatIsNoMessageIsRefused) {
  const auto told = [](std::string_view line) { return render(rpc::parse(line).error()); };
  EXPECT_EQ(told("hello"), "error driver.protocol: not JSON: hello\n");
  EXPECT_EQ(told("{}"), "error driver.protocol: not JSON-RPC 2.0: {}\n");
  EXPECT_EQ(told(R"({"jsonrpc":"2.0","id":1})"),
            "error driver.protocol: neither request, notification nor answer: "
            "{\"jsonrpc\":\"2.0\",\"id\":1}\n");
}

}  // namespace
}  // namespace reconciler
