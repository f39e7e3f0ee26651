#include "reconciler/cli/once.hpp"

#include <fmt/format.h>

#include <vector>

#include "reconciler/cli/context.hpp"
#include "reconciler/model/tag.hpp"

namespace reconciler::cli {
namespace {

std::vector<std::string> phases() {
  std::vector<std::string> all;
  for (int p = 0; p <= static_cast<int>(Phase::prune); ++p)
    all.emplace_back(to_text(static_cast<Phase>(p)));
  return all;
}

}  // namespace

Result<Asked> OnceOptions::of(Asked asked, const Ledger& ledger) const {
  asked.rebuild = rebuild;
  if (tag.empty() && !rebuild) return asked;
  if (auto formed = check_tag(tag, asked.spec.source.tags); !tag.empty() && !formed)
    return failure(error("usage", formed.error().message)
                       .next(formed.error().hint.empty() ? "--tag takes the version wanted"
                                                         : formed.error().hint));
  auto memory = ledger.memory(asked.spec.id);
  if (!memory) return failed(memory);
  const std::string id = asked.spec.id.text();
  if (memory->target && (rebuild || tag == asked.spec.tag))
    return failure(error("apply.held_off", fmt::format("git's {} is held off from {}: {} is wanted",
                                                       asked.spec.tag, id, memory->target->tag))
                       .next(fmt::format("what git asks for again: reconciler retry {0}; then: "
                                         "reconciler apply {0}",
                                         id)));
  if (tag.empty() || tag == asked.spec.tag) return asked;
  if (memory->current && memory->current->tag == tag)
    return failure(error("apply.tag_current", fmt::format("{} runs {} already, and git asks for {}",
                                                          id, tag, asked.spec.tag))
                       .next(fmt::format("to hold git off: reconciler suspend {}", id)));
  asked.instead = Instead{tag, std::string(deployed), fmt::format("{} asked for {}", who(), tag)};
  return asked;
}

void add_wishes(CLI::App& verb, OnceOptions& into) {
  verb.add_option("--tag", into.tag, "The plan for this tag, as `apply --tag` shows it")
      ->type_name("TAG");
  verb.add_flag("--rebuild", into.rebuild,
                "The plan that builds anew, as `apply --rebuild` shows it");
}

void add_once(CLI::App& verb, OnceOptions& into, CLI::Option* whole) {
  auto* until =
      verb.add_option("--until", into.until, "End after this phase; a later apply goes on")
          ->type_name("PHASE")
          ->check(CLI::IsMember(phases()));
  auto* skip =
      verb.add_option("--skip", into.skip,
                      "Leave out a step of the release or the preflight, a check or the backup, "
                      "as the plan shows it; as often as there are any")
          ->type_name("STEP")
          ->allow_extra_args(false);
  auto* tag = verb.add_option("--tag", into.tag,
                              "This tag in the place of git's, which is held off from then on")
                  ->type_name("TAG")
                  ->excludes(until)
                  ->excludes(skip);
  auto* rebuild = verb.add_flag("--rebuild", into.rebuild,
                                "Build what is built here anew, without cache, though it is there");
  if (!whole) return;
  for (auto* one : {until, skip, tag, rebuild}) one->excludes(whole);
}

}  // namespace reconciler::cli
