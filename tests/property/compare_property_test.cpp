// Any request of Compose's, its canonical form, and what an Engine shows of the container that it
// makes of it: equal models are equal in any order and spelling, different ones differ and say
// where.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "plugins/docker/compose/canonical_form.hpp"
#include "plugins/docker/services/compare.hpp"
#include "plugins/docker/services/names.hpp"
#include "reconciler/base/text.hpp"
#include "tests/property/changes.hpp"
#include "tests/property/spellings.hpp"
#include "tests/simulation/engine.hpp"

namespace reconciler::property {
namespace {

using docker::Container;
using simulation::SimulatedEngine;

/// Often enough to meet every field; `RECONCILER_DEEP=1` asks for more.
void check_often(void (*property)()) {
  const char* deep = std::getenv("RECONCILER_DEEP");
  auto params = rc::detail::configuration().testParams;
  params.maxSuccess = deep && std::string_view(deep) == "1" ? 5000 : 200;
  const auto result = rc::detail::checkTestable(property, rc::detail::TestMetadata(), params);
  if (result.is<rc::detail::SuccessResult>()) return;
  // The draws of the smallest failing case are hundreds; what it says is enough, with the seed.
  std::ostringstream text;
  if (result.is<rc::detail::FailureResult>())
    text << result.get<rc::detail::FailureResult>().description;
  else
    rc::detail::printResultMessage(result, text);
  ADD_FAILURE() << "RC_PARAMS=seed=" << params.seed << "\n" << text.str();
}

Container wanted(const AnyRequest& request) {
  return docker::canonical_container(request.recorded, lenders(), JsonObject{});
}

/// All that is compared later, in one spelling.
std::string text(const Container& container) {
  JsonArray endpoints;
  for (const auto& endpoint : container.endpoints)
    endpoints.push_back(JsonArray{endpoint.network, endpoint.config});
  return canonical(container.config) + "\n" + canonical(Json(std::move(endpoints)));
}

std::string text(const std::vector<Difference>& differences) {
  std::string out;
  for (const auto& one : differences)
    out += one.field + ": " + one.before + " -> " + one.after + "\n";
  return out;
}

class StandingClock final : public Clock {
 public:
  Instant now() const override { return {}; }
  WallTime wall() const override { return {}; }
  bool wait_until(Instant, std::stop_token) override { return true; }
};

/// An Engine with the images, networks and volumes that requests name.
class Host {
 public:
  explicit Host(const Json& image) : image_(image), engine_(clock_) {
    engine_.recent = maybe();
    for (const std::string reference : {"app:v1", "app:v2"})
      ids_[reference] = engine_.add_image(reference, image);
    for (const auto& network : networks) {
      const JsonObject body{{"Name", network}};
      call("POST", "/networks/create", Json(body));
      networks_[network] = {text_at(engine_.networks[network], "Id"), {}};
    }
    for (const auto& volume : volumes) volumes_[volume] = {};
  }

  /// The kernel has no means for some limits.
  void drop_some() {
    for (const std::string field : {"MemorySwap", "MemorySwappiness", "OomKillDisable",
                                    "BlkioWeight", "MemoryReservation", "CpuShares"})
      if (maybe()) engine_.dropped.insert(field);
  }

  /// Makes the container as we do, and shows it in some state. Of one that refers to others
  /// Compose's own hash would tell nothing; ours has the compiled one beside it.
  Json made(const AnyRequest& request) {
    return made(request, one_of(std::vector<std::string>{"created", "running", "exited"}));
  }

  Json made(const AnyRequest& request, const std::string& state) {
    auto body = request.recorded.body;
    JsonObject& labels = body.as_object()["Labels"].as_object();
    labels[docker::label::compiled_hash] = text_at(Json(labels), docker::label::config_hash);
    const auto image = text_at(body, "Image");
    body.as_object()["Image"] = image.substr(image.rfind('/') + 1);
    call("POST", "/containers/create?name=p-app-1", body);
    body.as_object()["Image"] = image;
    auto* container = engine_.named("p-app-1");
    container->body.as_object()["Image"] = image;
    for (const auto& [network, config] : request.recorded.connects)
      call("POST", "/networks/" + network + "/connect",
           JsonObject{{"Container", container->id}, {"EndpointConfig", config}});
    container->state = state;
    const Json seen = call("GET", "/containers/p-app-1/json", {});
    engine_.containers.clear();
    return seen;
  }

  std::vector<Difference> compared(const AnyRequest& request, const Json& inspect) {
    const Container container = wanted(request);
    const auto reference = text_at(container.config, "Image");
    docker::Surroundings around;
    around.wanted_image = &image_;
    around.wanted_image_id = ids_.at(reference.substr(reference.rfind('/') + 1));
    around.networks = &networks_;
    around.volumes = &volumes_;
    around.container_reference = [](std::string_view id) -> std::string {
      for (const auto& lender : lenders())
        if (lender.id == id)
          return "@service:" + text_at(lender.body.at("Labels"), "com.docker.compose.service") +
                 ":1";
      return "";
    };
    return docker::compare(container, inspect, around);
  }

 private:
  Json call(const std::string& method, const std::string& path, const Json& body) {
    const auto answer = engine_.call(method, path, &body, Deadline(clock_, Duration(1)));
    RC_ASSERT(answer.has_value());
    if (answer->status >= 400) RC_FAIL(canonical(answer->body));
    return answer->body;
  }

  StandingClock clock_;
  Json image_;
  SimulatedEngine engine_;
  std::map<std::string, std::string> ids_;
  std::map<std::string, docker::SeenThing> networks_;
  std::map<std::string, docker::SeenThing> volumes_;
};

void expect_none(Host& host, const AnyRequest& request, const Json& seen) {
  if (const auto found = host.compared(request, seen); !found.empty())
    RC_FAIL(text(found) + "wanted\n" + text(wanted(request)) + "\nthere\n" + canonical(seen));
}

void expect_only(const Change& change, const std::vector<Difference>& found,
                 const std::string& where) {
  if (found.empty()) RC_FAIL(where + ": a change of " + change.field + " is missed");
  for (const auto& one : found)
    if (std::ranges::find(change.words, one.field) == change.words.end())
      RC_FAIL(where + ": a change of " + change.field + " is told as\n" + text(found));
}

TEST(CompareProperty, WhatWasAskedForIsThereInAnyOrder) {
  check_often([] {
    const AnyRequest request = any_request();
    Host host(request.image);
    host.drop_some();
    const Json seen = host.made(request);
    expect_none(host, request, seen);
    expect_none(host, shuffled(request), seen);
    expect_none(host, request, host.made(shuffled(request)));
  });
}

TEST(CompareProperty, WhatWasAskedForIsThereInAnySpelling) {
  check_often([] {
    const AnyRequest request = any_request();
    const AnyRequest other = respelled(request);
    Host host(request.image);
    expect_none(host, other, host.made(request));
    expect_none(host, request, host.made(other));
    expect_none(host, other, host.made(other));
  });
}

TEST(CompareProperty, OneChangeIsSeenAndNamed) {
  check_often([] {
    const AnyRequest request = any_request();
    const auto changes = changes_of(request);
    Host host(request.image);
    const Json before = host.made(request, "running");
    expect_none(host, request, before);
    for (int i = 0; i < 3; ++i) {
      const Change& change = changes[*rc::gen::inRange<size_t>(0, changes.size())];
      AnyRequest changed = request;
      change.make(changed);
      put_hash(changed);
      const Json after = host.made(changed, "running");
      expect_only(change, host.compared(changed, before), "forth");
      if (change.seen_back) expect_only(change, host.compared(request, after), "back");
      expect_none(host, changed, after);
    }
  });
}

TEST(CompareProperty, CanonicalFormsOfShufflesAreOne) {
  check_often([] {
    const AnyRequest request = any_request();
    RC_ASSERT(text(wanted(request)) == text(wanted(shuffled(request))));
  });
}

TEST(CompareProperty, CanonicalFormOfACanonicalFormIsItself) {
  check_often([] {
    const AnyRequest request = any_request();
    const Container once = wanted(request);
    AnyRequest again = request;
    again.recorded.body = once.config;
    again.recorded.connects.clear();
    for (const auto& endpoint : once.endpoints)
      again.recorded.connects.emplace_back(endpoint.network, endpoint.config);
    RC_ASSERT(text(wanted(again)) == text(once));
    RC_ASSERT(text(wanted(request)) == text(once));
  });
}

}  // namespace
}  // namespace reconciler::property
