// `doctor`: what is there to work with, and what to mend. Works where nothing else does.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/text.hpp"
#include "reconciler/cli/checkup.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/seeing.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"

namespace reconciler::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration drivers_within{15s};
constexpr size_t finding_width = 12;
constexpr size_t label_width = 11;

/// Drivers say `Engine 20.10.24, ...`: what it is about, and how that stands. What is well and to
/// be mended all the same is to be watched.
Noted noted(const Finding& finding) {
  const auto blank = finding.what.find(' ');
  Noted out{!finding.well          ? Noted::Grade::mend
            : finding.mend.empty() ? Noted::Grade::well
                                   : Noted::Grade::watch,
            finding.what.substr(0, blank),
            blank == std::string::npos ? "" : finding.what.substr(blank + 1)};
  if (!finding.mend.empty()) out.facts.push_back({"mend", finding.mend});
  return out;
}

std::vector<Noted> check_drivers(Context& context) {
  auto drivers = context.drivers_to_check();
  if (!drivers) {
    Noted wrong{Noted::Grade::mend, "drivers", drivers.error().message, drivers.error().facts};
    if (!drivers.error().hint.empty()) wrong.facts.push_back({"mend", drivers.error().hint});
    return {std::move(wrong)};
  }
  std::vector<Noted> all;
  for (const auto& one : (*drivers)->check(Deadline(context.clock(), drivers_within)))
    all.push_back(noted(one));
  return all;
}

std::vector<Noted> find_all(Context& context, std::stop_token stop) {
  std::vector<Noted> all = check_drivers(context);
  const auto add = [&](std::vector<Noted> more) {
    std::ranges::move(more, std::back_inserter(all));
  };
  add(check_host_file(context));
  add(check_repositories(context, std::move(stop)));
  add(check_state_and_clock(context));
  return all;
}

std::string rendered(const Noted& finding, const Page& page) {
  const Sign of = finding.grade == Noted::Grade::well    ? Sign::well
                  : finding.grade == Noted::Grade::watch ? Sign::watch
                                                         : Sign::wrong;
  const size_t indent = 2 + sign_width(page) + 1 + finding_width + 1;
  std::string out = fmt::format("  {} {:<{}} {}\n", sign(of, page), printable(finding.kind, 40),
                                finding_width, wrapped(printable(finding.what), indent, page));
  for (const auto& [label, text] : finding.facts)
    out += fmt::format("{}{:<{}} {}\n", std::string(indent, ' '), printable(label, 40), label_width,
                       wrapped(printable(text), indent + label_width + 1, page));
  return out;
}

Json finding_as_json(const Noted& finding) {
  JsonArray facts;
  for (const auto& [label, text] : finding.facts)
    facts.push_back(JsonObject{{"label", label}, {"text", text}});
  return JsonObject{{"grade", finding.grade == Noted::Grade::well    ? "well"
                              : finding.grade == Noted::Grade::watch ? "watch"
                                                                     : "mend"},
                    {"kind", finding.kind},
                    {"what", finding.what},
                    {"facts", std::move(facts)}};
}

std::string sum_of(std::ptrdiff_t to_mend, std::ptrdiff_t to_watch) {
  const std::string watch = to_watch > 0 ? fmt::format(", {} to watch", to_watch) : "";
  if (to_mend == 0) return "Nothing to mend" + watch + ".";
  return fmt::format("{} to mend{}. Then again: reconciler doctor", to_mend, watch);
}

int doctor(Context& context, std::stop_token stop) {
  const auto findings = find_all(context, std::move(stop));
  const auto to_mend = std::ranges::count(findings, Noted::Grade::mend, &Noted::grade);
  const auto to_watch = std::ranges::count(findings, Noted::Grade::watch, &Noted::grade);
  if (context.options().json) {
    JsonArray all;
    for (const auto& finding : findings) all.push_back(finding_as_json(finding));
    std::cout << boost::json::serialize(
                     JsonObject{{"format_version", "1.0"}, {"findings", std::move(all)}})
              << "\n";
  } else {
    const Page page = context.page();
    for (const auto& finding : findings) std::cout << rendered(finding, page);
    std::cout << "\n" << sum_of(to_mend, to_watch) << "\n";
  }
  return to_mend > 0 ? wrong : well;
}

}  // namespace

void add_doctor(CLI::App& app, Context& context, Verb& chosen) {
  auto* verb = app.add_subcommand("doctor",
                                  "What is there to work with, and what to mend; makes and changes "
                                  "nothing. 1 when something is "
                                  "to be mended.");
  verb->footer("Examples:\n  reconciler doctor\n  reconciler doctor --json");
  performs(*verb, chosen,
           [&context](std::stop_token stop) { return doctor(context, std::move(stop)); });
}

}  // namespace reconciler::cli
