#include "reconciler/ledger/texts.hpp"

#include <fmt/format.h>

#include <array>

#include "reconciler/base/json.hpp"
#include "reconciler/driver/wire.hpp"

namespace reconciler {
namespace {

Status read_attempt(const RowText& text) {
  Phase phase{};
  if (auto done = wire::read_phase(text(1).value_or(""), phase); !done) return done;
  Fate fate{};
  if (const auto said = text(2))
    if (auto done = wire::read_fate(*said, fate); !done) return done;
  // Of an older program it may lack what is needed now: that is no damage.
  auto work = parse_json(text(3).value_or(""));
  return work ? Status{} : failed(work);
}

Status read_run(const RowText& text) {
  auto plan = parse_json(text(1).value_or(""));
  return plan ? Status{} : failed(plan);
}

Status read_environment(const RowText& text) {
  std::set<ResourceId> ids;
  for (const int column : {1, 2})
    if (auto done = read_ids(text(column).value_or(""), ids); !done) return done;
  return {};
}

/// A table's rows, and how they are read; the first column names the row for people.
struct TextsOf {
  const char* rows;
  Status (*read)(const RowText& text);
};

constexpr std::array<TextsOf, 4> all_texts{{
    {"SELECT 'attempt ' || id, phase, fate, work FROM attempts", read_attempt},
    {"SELECT 'run ' || serial, plan FROM runs", read_run},
    {"SELECT 'environment ' || name, unwell_before, watched_unwell FROM environments",
     read_environment},
    {unlisted_versions, [](const RowText& text) { return read_unlisted(text(0).value_or("")); }},
}};

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

Status read_unlisted(const std::string& environment) {
  return failure(
      error("ledger.damaged",
            fmt::format("the current version of {} is none of its versions", environment)));
}

std::string as_text(const std::set<ResourceId>& ids) {
  JsonArray all;
  for (const auto& one : ids) all.push_back(wire::write(one));
  return canonical(Json(std::move(all)));
}

Status check_texts(const std::string& ledger, const EachRow& each) {
  for (const auto& table : all_texts) {
    std::optional<std::string> unread;
    auto asked = each(table.rows, [&](const RowText& text) {
      if (!unread && !table.read(text)) unread = text(0).value_or("");
    });
    if (!asked) return asked;
    if (unread)
      return failure(error("ledger.damaged",
                           fmt::format("{}: {} holds what is never written", ledger, *unread)));
  }
  return {};
}

}  // namespace reconciler
