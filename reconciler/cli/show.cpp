// `show`: what is desired of an environment, what is there, and every difference.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/seeing.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"

namespace reconciler::cli {
namespace {

/// Actions of the plan that a thing is a target of, or that wait for it.
struct Touched {
  std::vector<std::string> by;      ///< `switch backend, worker`
  std::vector<std::string> needed;  ///< `release release`
};

std::string action_named(const Action& action) {
  return fmt::format("{} {}", action.work.verb, action.title);
}

Touched touched(const ResourceId& id, const Plan& plan) {
  Touched out;
  for (const auto& action : plan.actions) {
    if (std::ranges::find(action.work.targets, id) != action.work.targets.end())
      out.by.push_back(action_named(action));
    else if (std::ranges::find(action.work.needs, id) != action.work.needs.end())
      out.needed.push_back(action_named(action));
  }
  return out;
}

bool as_desired(const Resource& r) {
  return r.desired == r.observed;
}

std::string verdict(const Resource& r) {
  if (as_desired(r)) return "as desired";
  if (r.desired.empty()) return "not wanted";
  return r.observed.empty() ? "not there" : "differs";
}

std::string difference_text(const Difference& d) {
  if (d.before.empty() && d.after.empty()) return "differs; its values are not told";
  return fmt::format("is {}, wanted {}", d.before.empty() ? "none" : d.before,
                     d.after.empty() ? "none" : d.after);
}

std::string version_text(const Desired& desired) {
  std::string text = desired.tag;
  if (!desired.commit.empty()) text += fmt::format(", source {}", desired.commit.substr(0, 7));
  return text + fmt::format(", asked by config {} \"{}\"", desired.config_commit.substr(0, 7),
                            printable(desired.config_subject, 60));
}

std::string recorded_text(const Memory& memory) {
  if (!memory.current) return "nothing yet";
  std::string text = fmt::format("{} since {}", memory.current->tag, to_text(memory.current->at));
  if (memory.previous) text += "; before it " + memory.previous->tag;
  return text;
}

/// What is only where something is to be known of it.
void add_head(const Look& seen, std::vector<std::vector<std::string>>& rows) {
  rows.push_back({"desired", version_text(seen.desired)});
  rows.push_back({"recorded", recorded_text(seen.memory)});
  if (const auto& held = seen.plan.held)
    rows.push_back({"held", fmt::format("git asks for {} ({}): {}", held->rejected_tag,
                                        held->reason, held->why)});
  if (seen.plan.suspended) rows.push_back({"suspended", for_people(*seen.plan.suspended)});
  if (seen.plan.stalled)
    rows.push_back({"stalled", fmt::format("{}: {}; next: {}", seen.plan.stalled->reason,
                                           seen.plan.stalled->why, seen.plan.stalled->next)});
  for (const auto& notice : seen.observation.notices) rows.push_back({"notice", notice});
}

void print_look(const Look& seen, const Page& page) {
  std::cout << fmt::format("{}  {}\n\n", seen.desired.id.text(),
                           seen.memory.current ? seen.memory.current->tag : "-");
  std::vector<std::vector<std::string>> head;
  add_head(seen, head);
  for (auto& row : head) row[1] = printable(row[1]);
  std::cout << table(head, 2, page) << "\n";
  std::vector<std::vector<std::string>> things;
  for (const auto& r : seen.observation.resources)
    things.push_back(
        {r.id.kind, r.id.name, printable(r.state.empty() ? "there" : r.state), verdict(r)});
  std::cout << table(things, 2, page);
  for (const auto& r : seen.observation.resources) {
    if (as_desired(r)) continue;
    const std::string name = fmt::format("{} {}", r.id.kind, r.id.name);
    std::cout << "\n"
              << sentence(r.reason.empty() ? name : name + ": " + printable(r.reason), 0, page)
              << "\n";
    std::vector<std::vector<std::string>> rows;
    for (const auto& d : r.differences)
      rows.push_back({printable(d.field), printable(difference_text(d))});
    const Touched by = touched(r.id, seen.plan);
    rows.push_back({"touched by", by.by.empty() ? "nothing of the plan" : join(by.by, "; ")});
    if (!by.needed.empty()) rows.push_back({"waited for", join(by.needed, "; ")});
    std::cout << table(rows, 4, page);
  }
  const auto differing = std::ranges::count_if(seen.observation.resources,
                                               [](const Resource& r) { return !as_desired(r); });
  std::cout << "\n"
            << sentence(
                   differing == 0
                       ? "Everything is as desired."
                       : fmt::format("{} of {} differ. What is done about it: "
                                     "reconciler plan {}",
                                     differing, count(seen.observation.resources.size(), "thing"),
                                     seen.desired.id.text()),
                   0, page)
            << "\n";
}

Json look_as_json(const Resource& r, const Plan& plan) {
  JsonArray differences;
  for (const auto& d : r.differences)
    differences.push_back(JsonObject{{"field", d.field}, {"before", d.before}, {"after", d.after}});
  const Touched by = touched(r.id, plan);
  return JsonObject{{"id", r.id.text()},
                    {"state", r.state},
                    {"health", to_text(r.health)},
                    {"summary", r.summary},
                    {"verdict", verdict(r)},
                    {"reason", r.reason},
                    {"differences", std::move(differences)},
                    {"touched_by", to_json(by.by)},
                    {"waited_for_by", to_json(by.needed)}};
}

Json look_as_json(const Look& seen) {
  JsonArray things;
  for (const auto& r : seen.observation.resources) things.push_back(look_as_json(r, seen.plan));
  const auto release = [](const std::optional<Release>& one) {
    return one ? Json(JsonObject{{"tag", one->tag}, {"since", reconciler::to_text(one->at)}})
               : Json();
  };
  return JsonObject{{"format_version", "1.0"},
                    {"environment", seen.desired.id.text()},
                    {"desired", JsonObject{{"tag", seen.desired.tag},
                                           {"commit", seen.desired.commit},
                                           {"config", seen.desired.config_commit}}},
                    {"current", release(seen.memory.current)},
                    {"previous", release(seen.memory.previous)},
                    {"notices", to_json(seen.observation.notices)},
                    {"things", std::move(things)}};
}

int show_one(Context& context, const std::string& name, std::stop_token stop) {
  auto selection = select(context, {name}, Reading::last, stop);
  if (!selection) return report(context, selection.error());
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  auto parts = context.parts();
  if (!parts) return report(context, parts.error());
  auto seen = look(*parts, selection->asked.at(0), std::move(stop));
  if (!seen) return report(context, seen.error());
  if (context.options().json)
    std::cout << boost::json::serialize(look_as_json(*seen)) << "\n";
  else
    print_look(*seen, context.page());
  return well;
}

}  // namespace

void add_show(CLI::App& app, Context& context, Verb& chosen) {
  auto name = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("show",
                                  "What is desired of an environment, what is there, and every "
                                  "difference; from the last fetch.");
  add_environment(*verb, *name);
  verb->footer(
      "Examples:\n  reconciler show portfolio/production\n  reconciler show production --json");
  performs(*verb, chosen, [&context, name](std::stop_token stop) {
    return show_one(context, *name, std::move(stop));
  });
}

}  // namespace reconciler::cli
