#include "reconciler/ledger/texts.hpp"

#include "reconciler/base/json.hpp"
#include "reconciler/driver/wire.hpp"

namespace reconciler {
namespace {

using Text = std::function<std::optional<std::string>(int)>;

Status read_attempt(const Text& text) {
  Phase phase{};
  if (auto done = wire::read_phase(text(1).value_or(""), phase); !done) return done;
  Fate fate{};
  if (const auto said = text(2))
    if (auto done = wire::read_fate(*said, fate); !done) return done;
  // Of an older program it may lack what is needed now: that is no damage.
  auto work = parse_json(text(3).value_or(""));
  return work ? Status{} : failed(work);
}

Status read_run(const Text& text) {
  auto plan = parse_json(text(1).value_or(""));
  return plan ? Status{} : failed(plan);
}

Status read_environment(const Text& text) {
  std::set<ResourceId> ids;
  return read_ids(text(1).value_or(""), ids);
}

}  // namespace

Status read_ids(const std::string& text, std::set<ResourceId>& into) {
  auto json = parse_json(text);
  if (!json) return failed(json);
  const JsonArray* all = json->if_array();
  if (!all) return failure(error("ledger.damaged", "a list of things is no list"));
  for (const Json& one : *all) {
    auto id = wire::read_as<ResourceId>(one);
    if (!id) return failed(id);
    into.insert(std::move(*id));
  }
  return {};
}

const std::array<TextsOf, 3> all_texts{{
    {"SELECT 'attempt ' || id, phase, fate, work FROM attempts", read_attempt},
    {"SELECT 'run ' || serial, plan FROM runs", read_run},
    {"SELECT 'environment ' || name, unwell_before FROM environments", read_environment},
}};

}  // namespace reconciler
