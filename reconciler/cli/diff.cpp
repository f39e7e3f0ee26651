// `diff`: what would differ between two environments, two versions of them, or two runs.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/seeing.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/compile.hpp"
#include "reconciler/driver/explains.hpp"

namespace reconciler::cli {
namespace {

/// One line of what differs: `service  web  image  is a, then b`.
struct Row {
  std::string kind;
  std::string name;
  Difference difference;
};

struct Differences {
  std::string a;
  std::string b;
  std::vector<Row> rows;
};

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// `APP/ENV@TAG`, `APP/ENV`, `ENV`; with `@TAG` alone the environment is the first one's.
struct Version {
  std::string environment;
  std::string tag;  ///< empty: what git asks for
};

Version version_of(const std::string& text, const std::string& otherwise) {
  const auto at = text.find('@');
  if (at == std::string::npos) return {text, ""};
  const std::string environment = text.substr(0, at);
  return {environment.empty() ? otherwise : environment, text.substr(at + 1)};
}

std::string text_of(const Wish& wish) {
  return fmt::format("{} {}", wish.desired.id.text(), wish.desired.tag);
}

Result<Wish> wish_of(const Parts& parts, Asked asked, const std::string& tag,
                     const std::stop_token& stop) {
  if (!tag.empty()) {
    if (auto good = check_tag(tag); !good) return failed(good);
    asked.spec.tag = tag;
    asked.spec.tag_place = {};  // no file asks for it
  }
  auto tree = tree_of(parts, asked, stop);
  if (!tree && tree.error().code == "tag.not_found")
    tree.error().facts.push_back(
        {"looked in", fmt::format("the last fetch; what is newer comes with: reconciler plan {}",
                                  asked.spec.id.text())});
  if (!tree) return failed(tree);
  return compile(parts, asked, *tree, stop);
}

/// By name, which two have: values are secret, and only whether they are the same is told.
void add_variable_rows(const Variables& a, const Variables& b, std::vector<Row>& into) {
  std::set<std::string> names;
  for (const auto& [name, variable] : a) names.insert(name);
  for (const auto& [name, variable] : b) names.insert(name);
  for (const auto& name : names) {
    const auto was = a.find(name);
    const auto is = b.find(name);
    if (was == a.end()) {
      into.push_back({"variable", name, {"there", "no", "yes"}});
    } else if (is == b.end()) {
      into.push_back({"variable", name, {"there", "yes", "no"}});
    } else if (was->second.value.reveal() != is->second.value.reveal()) {
      const bool open = !was->second.secret && !is->second.secret;
      into.push_back({"variable",
                      name,
                      {"value", open ? was->second.value.reveal() : "",
                       open ? is->second.value.reveal() : ""}});
    }
  }
}

/// What is done, and asked, by name: a step that only one has, or that says something else.
void add_steps(const Desired& a, const Desired& b, std::vector<Row>& into) {
  const auto named = [](const Desired& desired) {
    std::map<std::string, std::string> out;
    for (const auto& step : desired.steps) {
      Json input = step.work.input;
      if (JsonObject* all = input.if_object()) all->erase("model");
      out[fmt::format("{} {}", step.work.verb, step.shown.empty() ? step.name : step.shown)] =
          canonical(input);
    }
    return out;
  };
  const auto was = named(a);
  const auto is = named(b);
  for (const auto& [name, input] : was) {
    const auto other = is.find(name);
    if (other == is.end())
      into.push_back({"step", name, {"there", "yes", "no"}});
    else if (other->second != input)
      into.push_back({"step", name, {"what it does", "", ""}});
  }
  for (const auto& [name, input] : is)
    if (!was.contains(name)) into.push_back({"step", name, {"there", "no", "yes"}});
}

/// What the drivers tell of their things.
Status add_things(const Drivers& drivers, const Wish& a, const Wish& b, std::vector<Row>& into) {
  for (Driver* driver : drivers.all()) {
    auto* explains = dynamic_cast<Explains*>(driver);
    const std::string name = driver->describe().name;
    const auto was = a.prepared.wanted.find(name);
    const auto is = b.prepared.wanted.find(name);
    if (!explains || was == a.prepared.wanted.end() || is == b.prepared.wanted.end()) continue;
    auto seen = explains->differ({a.desired.id, was->second}, {b.desired.id, is->second});
    if (!seen) return failed(seen);
    for (const auto& r : seen->resources)
      for (const auto& d : r.differences) into.push_back({r.id.kind, r.id.name, d});
  }
  return {};
}

Result<Differences> of_versions(Context& context, const std::string& first,
                                const std::string& second, const std::stop_token& stop) {
  const Version a = version_of(first, "");
  const Version b = version_of(second, a.environment);
  std::vector<Wish> wishes;
  auto parts = context.parts();
  if (!parts) return failed(parts);
  for (const auto& version : {a, b}) {
    auto selection = select(context, {version.environment}, Reading::last, stop);
    if (!selection) return failed(selection);
    auto wish = wish_of(*parts, selection->asked.at(0), version.tag, stop);
    if (!wish) return failed(wish);
    wishes.push_back(std::move(*wish));
  }
  const Wish& from = wishes[0];
  const Wish& to = wishes[1];
  Differences out{text_of(from), text_of(to), {}};
  if (from.desired.tag != to.desired.tag)
    out.rows.push_back({"tag", "", {"", from.desired.tag, to.desired.tag}});
  if (from.desired.commit != to.desired.commit)
    out.rows.push_back(
        {"source", "", {"", from.desired.commit.substr(0, 7), to.desired.commit.substr(0, 7)}});
  add_variable_rows(from.variables, to.variables, out.rows);
  if (auto added = add_things(parts->drivers, from, to, out.rows); !added) return failed(added);
  add_steps(from.desired, to.desired, out.rows);
  return out;
}

std::string end_of_run(const RunRow& run) {
  if (!run.ended) return "not ended";
  return run.end.condition + "/" + run.end.reason;
}

std::map<std::string, std::string> deeds(const RunRow& run) {
  std::map<std::string, std::string> out;
  for (const auto& attempt : run.attempts)
    out[fmt::format("{} {}", attempt.verb, attempt.title)] =
        !attempt.code.empty() ? attempt.code
        : attempt.fate        ? std::string(to_text(*attempt.fate))
                              : "no result";
  return out;
}

Result<Differences> of_runs(Context& context, RunId first, RunId second) {
  auto ledger = context.ledger();
  if (!ledger) return failed(ledger);
  auto a = (*ledger)->run(first);
  if (!a) return failed(a);
  auto b = (*ledger)->run(second);
  if (!b) return failed(b);
  const auto text = [](const RunRow& run) {
    return fmt::format("run {} of {}", run.serial, run.id.text());
  };
  Differences out{text(*a), text(*b), {}};
  const auto add = [&](const std::string& kind, const std::string& before,
                       const std::string& after) {
    if (before != after) out.rows.push_back({kind, "", {"", before, after}});
  };
  add("from", a->from, b->from);
  add("to", a->to, b->to);
  add("config", a->config_commit.substr(0, 7), b->config_commit.substr(0, 7));
  add("by", a->who, b->who);
  add("ended", end_of_run(*a), end_of_run(*b));
  const auto was = deeds(*a);
  const auto is = deeds(*b);
  for (const auto& [name, fate] : was) {
    const auto other = is.find(name);
    if (other == is.end())
      out.rows.push_back({"action", name, {"", fate, "not tried"}});
    else if (other->second != fate)
      out.rows.push_back({"action", name, {"", fate, other->second}});
  }
  for (const auto& [name, fate] : is)
    if (!was.contains(name)) out.rows.push_back({"action", name, {"", "not tried", fate}});
  return out;
}

std::string text_of(const Difference& d) {
  if (d.field == "there") return d.after == "yes" ? "only in the second" : "only in the first";
  const std::string field = d.field.empty() ? "" : d.field + "  ";
  if (d.before.empty() && d.after.empty()) return field + "differs";
  return fmt::format("{}{} -> {}", field, d.before.empty() ? "none" : d.before,
                     d.after.empty() ? "none" : d.after);
}

void print_differences(const Differences& found, const Page& page) {
  std::cout << fmt::format("{}  ->  {}\n\n", found.a, found.b);
  if (found.rows.empty()) {
    std::cout << "Nothing differs.\n";
    return;
  }
  std::vector<std::vector<std::string>> rows;
  std::string before;
  for (const auto& row : found.rows) {
    const std::string thing = row.kind + " " + row.name;
    const bool again = thing == before && !row.name.empty();
    rows.push_back(
        {again ? "" : row.kind, again ? "" : row.name, printable(text_of(row.difference))});
    before = thing;
  }
  std::cout << table(rows, 2, page)
            << fmt::format("\n{}.\n", count(found.rows.size(), "difference"));
}

Json differences_as_json(const Differences& found) {
  JsonArray rows;
  for (const auto& row : found.rows)
    rows.push_back(JsonObject{{"kind", row.kind},
                              {"name", row.name},
                              {"field", row.difference.field},
                              {"before", row.difference.before},
                              {"after", row.difference.after}});
  return JsonObject{
      {"format_version", "1.0"}, {"a", found.a}, {"b", found.b}, {"differences", std::move(rows)}};
}

int diff(Context& context, const std::string& a, const std::string& b,
         const std::stop_token& stop) {
  if (is_number(a) != is_number(b))
    return report(context,
                  error("usage", "a run is held against a run, a version against a version")
                      .next("reconciler diff 56 57, or reconciler diff APP/ENV APP/ENV@TAG"));
  Result<Differences> found = failure(Error{});
  if (is_number(a)) {
    if (a.size() > 18 || b.size() > 18)
      return report(context, error("ledger.run_unknown", "no run has so high a number")
                                 .next("reconciler history APP/ENV"));
    found = of_runs(context, std::stoll(a), std::stoll(b));
  } else {
    found = of_versions(context, a, b, stop);
  }
  if (!found) return report(context, found.error());
  if (context.options().json)
    std::cout << boost::json::serialize(differences_as_json(*found)) << "\n";
  else
    print_differences(*found, context.page());
  return well;
}

}  // namespace

void add_diff(CLI::App& app, Context& context, Verb& chosen) {
  auto two = std::make_shared<std::pair<std::string, std::string>>();
  auto* verb = app.add_subcommand(
      "diff",
      "What differs between what two environments ask for, two tags of one, or two runs; from the "
      "last fetch, whatever runs.");
  verb->add_option("a", two->first, "APP/ENV, APP/ENV@TAG, or a run's number")->required();
  verb->add_option("b", two->second, "The same; @TAG: of the first one's environment")->required();
  verb->footer(
      "Examples:\n  reconciler diff portfolio/stage portfolio/production\n  reconciler diff "
      "portfolio/production@v1.2.2 @v1.2.3\n  reconciler diff 56 57");
  performs(*verb, chosen, [&context, two](std::stop_token stop) {
    return diff(context, two->first, two->second, stop);
  });
}

}  // namespace reconciler::cli
