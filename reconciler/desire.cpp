#include "reconciler/desire.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/another.hpp"
#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/asked.hpp"
#include "reconciler/plan/planner.hpp"
#include "reconciler/plan/select.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration restore_within{3min};

/// What the repository asked when it could be read last.
std::string last_asked(const Parts& parts, const EnvironmentId& id, const Memory& memory) {
  if (memory.target) return memory.target->rejected;
  if (!memory.current) return "";
  const Again current{id, memory.current->tag, Ledger::Slot::current};
  const auto kept = kept_version(parts.ledger, current);
  return kept ? kept->desired.asked : "";
}

/// What the environment is to be in the place of what the repository asks for; none where that is
/// wanted, or asks for something else by now. While nobody can tell, what was rejected stays so.
std::optional<Target> target_of(const Parts& parts, const Asked& asked, const Memory& memory,
                                const Result<std::string>& repository_asks) {
  if (!asked.instead) {
    if (!memory.target) return std::nullopt;
    const Target& target = *memory.target;
    if (!repository_asks) return target;
    const bool holds = !target.rejected_tag.empty() || on_the_way_back(memory);
    return target.rejected == *repository_asks && holds ? memory.target : std::nullopt;
  }
  if (repository_asks && asked.instead->tag == asked.spec.tag) return std::nullopt;
  return Target{asked.instead->tag,
                repository_asks ? *repository_asks : last_asked(parts, asked.spec.id, memory),
                asked.spec.tag,
                asked.instead->reason,
                asked.instead->why,
                0,
                parts.clock.wall()};
}

/// A version as it was recorded; what is done about failures, drift and gates as git says now.
Wish wish_for(const EnvironmentSpec& spec, Kept kept) {
  Wish wish;
  wish.desired = std::move(kept.desired);
  as_the_manifest_says(spec, wish.desired);
  wish.variables = std::move(kept.variables);
  wish.prepared.wanted = wish.desired.wanted;
  return wish;
}

/// Why nothing goes back by itself from what runs in the place of what git asks for; none:
/// something does.
std::optional<std::string> nothing_goes_back(const Parts& parts, const EnvironmentSpec& spec,
                                             const Memory& memory) {
  Desired wanted;
  wanted.id = spec.id;
  wanted.tag = spec.tag;
  as_the_manifest_says(spec, wanted);
  // Of what was never begun there is nothing to go back past.
  const auto begun = parts.ledger.was_begun(spec.id, spec.tag);
  if (begun && !*begun) wanted.irreversible.erase(spec.tag);
  return why_no_way_back(wanted, memory);
}

/// Of those that nobody has to wait the end of, or to answer.
bool is_for_good(const Error& why) {
  return why.lasting == Lasting::terminal && !why.code.ends_with(".stopped") &&
         !why.code.starts_with("ledger.") && !why.code.starts_with("lock.");
}

Result<Wish> as_git_asks(const Parts& parts, const Asked& asked, SourceTree& tree,
                         const std::string& repository_asks, const std::stop_token& stop) {
  const EnvironmentSpec& spec = asked.spec;
  // Only a tag that a source resolved can move.
  if (spec.source.kind == Source::Kind::repository)
    if (auto kept = parts.ledger.remember_commit(spec.id, spec.tag, tree.commit); !kept)
      return failed(kept);
  auto wish = compile(parts, asked, tree, stop);
  if (wish) wish->desired.asked = repository_asks;
  return wish;
}

/// A tag that a person wants in the place of git's, deployed as git would have it deployed.
Result<Wish> deploy_another(const Parts& parts, const Asked& asked, const Target& target,
                            const std::stop_token& stop) {
  Asked another = asked;
  another.spec.tag = target.tag;
  auto tree = tree_of(parts, another, stop);
  if (!tree) return failed(tree);
  auto asks = asked_of(another.spec, *tree);
  if (!asks) return failed(asks);
  auto wish = as_git_asks(parts, another, *tree, *asks, stop);
  if (wish) wish->target = target;
  return wish;
}

/// The recorded version in the place of what git asks for, and why.
Result<Wish> recorded_instead(const Parts& parts, const EnvironmentSpec& spec, Memory memory,
                              const std::string& repository_asks, const std::string& reason,
                              const std::string& why) {
  memory.target =
      Target{memory.current->tag, repository_asks, spec.tag, reason, why, 0, parts.clock.wall()};
  auto wish = desire_target(parts, spec, memory);
  if (!wish) return failure(cannot_go_back(spec.id, *memory.target, std::move(wish.error())));
  return wish;
}

/// The run that it was begun in has a way back itself, for it is open; or there is nothing to go
/// back from: neither it nor another version was switched to since the record.
Result<bool> has_its_own_way(const Parts& parts, const Desired& desired, const Memory& memory) {
  if (memory.unfinished != desired.digest) return false;
  auto open = parts.ledger.open_run(desired.id);
  if (!open) return failed(open);
  if (*open) return true;
  auto half = parts.ledger.is_half(desired.id);
  if (!half) return failed(half);
  return !*half;
}

/// Of what git asks for a release failed for good, before half of another version came to run, or
/// after it ran itself: nobody is left with that.
Result<Wish> instead_of_what_failed(const Parts& parts, const Asked& asked, const Memory& memory,
                                    const std::string& repository_asks, Wish wish) {
  const EnvironmentSpec& spec = asked.spec;
  if (asked.instead || !something_else_runs(memory)) return wish;
  const auto stall = find_stall(wish.desired, memory);
  if (!stall || stall->reason != "ReleaseFailed" || nothing_goes_back(parts, spec, memory))
    return wish;
  auto own = has_its_own_way(parts, wish.desired, memory);
  if (!own) return failed(own);
  if (*own) return wish;
  return recorded_instead(parts, spec, memory, repository_asks, stall->reason, stall->why);
}

/// What is to run while what git asks for waits or cannot be had. Of a version that was begun and
/// not recorded that is the way back, where there is one.
Status may_be_as_recorded(const Parts& parts, const EnvironmentSpec& spec, const Memory& memory) {
  const auto refused = [&](const std::string& why) {
    return failure(error("rollback.not_kept",
                         fmt::format("the recorded version of {} is not looked after meanwhile: {}",
                                     spec.id.text(), why)));
  };
  if (!memory.current) return refused("there is none");
  // A person's wish for another version is not given up for it.
  if (memory.target && memory.target->tag != memory.current->tag)
    return refused(memory.target->tag + " is wanted");
  if (!memory.touched || memory.unfinished == memory.current->digest) return {};
  Memory towards = memory;
  towards.target.reset();
  if (const auto none = nothing_goes_back(parts, spec, towards))
    return refused(none->empty() ? "nothing goes back by itself" : *none);
  return {};
}

/// What was recorded last, with the variables of then. A way back that was begun goes on.
Result<Wish> as_recorded(const Parts& parts, const EnvironmentSpec& spec, const Memory& memory) {
  if (auto may = may_be_as_recorded(parts, spec, memory); !may) return failed(may);
  if (memory.target) return desire_target(parts, spec, memory);
  const Again current{spec.id, memory.current->tag, Ledger::Slot::current};
  auto kept =
      restore_version(parts.ledger, parts.drivers, current, Deadline(parts.clock, restore_within));
  if (!kept) return failed(kept);
  return wish_for(spec, std::move(*kept));
}

/// While a provider is away, what was recorded is looked after if git asks for nothing else.
std::optional<Wish> without_provider(const Parts& parts, const EnvironmentSpec& spec,
                                     const Memory& memory, const std::string& repository_asks,
                                     const Error& why) {
  if (memory.touched) return std::nullopt;
  auto wish = as_recorded(parts, spec, memory);
  if (!wish || wish->desired.asked != repository_asks) return std::nullopt;
  wish->notices.push_back(
      fmt::format("variables: {} is as it was recorded {}, with those of then: {}",
                  memory.current->tag, to_text(memory.current->at), why.message));
  return std::move(*wish);
}

}  // namespace

Result<Wish> instead_of_what_cannot_be(const Parts& parts, const EnvironmentSpec& spec,
                                       const Memory& memory, const std::string& repository_asks,
                                       Error why) {
  if (!something_else_runs(memory) || !is_for_good(why)) return failure(std::move(why));
  if (const auto none = nothing_goes_back(parts, spec, memory)) {
    why.facts.push_back({"stays", "what was begun before, as it is" +
                                      (none->empty() ? "" : fmt::format(" ({})", *none))});
    return failure(std::move(why));
  }
  return recorded_instead(parts, spec, memory, repository_asks, "CannotPlan",
                          fmt::format("{}: {}", why.code, why.message));
}

Result<Wish> desire_target(const Parts& parts, const EnvironmentSpec& spec, const Memory& memory) {
  const Target& target = *memory.target;
  Again again{spec.id, target.tag, Ledger::Slot::current};
  if (memory.current && memory.current->tag != target.tag) {
    again.slot = Ledger::Slot::previous;
    again.complete = true;  // it is not what runs: all that it takes must be here
  }
  auto kept =
      restore_version(parts.ledger, parts.drivers, again, Deadline(parts.clock, restore_within));
  if (!kept) return failed(kept);
  Wish wish = wish_for(spec, std::move(*kept));
  wish.target = target;
  return wish;
}

Result<Wish> desire(const Parts& parts, const Asked& asked, const Memory& memory,
                    std::stop_token stop) {
  const EnvironmentSpec& spec = asked.spec;
  if (asked.recorded) return as_recorded(parts, spec, memory);
  auto tree = tree_of(parts, asked, stop);
  Result<std::string> repository_asks =
      tree ? asked_of(spec, *tree) : Result<std::string>(failure(tree.error()));
  if (tree && !repository_asks) return failed(repository_asks);
  if (auto target = target_of(parts, asked, memory, repository_asks)) {
    Memory towards = memory;
    towards.target = std::move(target);
    const bool recorded = memory.current && memory.current->tag == towards.target->tag;
    const bool deploys = !recorded && towards.target->is_deployed();
    auto wish = recorded  ? desire_target(parts, spec, towards)
                : deploys ? deploy_another(parts, asked, *towards.target, stop)
                          : desire_another(parts, asked, towards, stop);
    if (!wish && (asked.instead || deploys)) return wish;
    if (!wish) return failure(cannot_go_back(spec.id, *towards.target, std::move(wish.error())));
    if (!tree) wish->unreadable = std::move(tree.error());
    return wish;
  }
  auto wish = tree ? as_git_asks(parts, asked, *tree, *repository_asks, stop)
                   : Result<Wish>(failure(std::move(tree.error())));
  // What the ledger's target held off is not asked for any more.
  Memory now = memory;
  now.target.reset();
  if (wish) return instead_of_what_failed(parts, asked, now, *repository_asks, std::move(*wish));
  if (asked.instead) return wish;
  if (wish.error().code == "variables.provider")
    if (auto kept = without_provider(parts, spec, memory, *repository_asks, wish.error()))
      return std::move(*kept);
  return instead_of_what_cannot_be(parts, spec, now, repository_asks.value_or(""),
                                   std::move(wish.error()));
}

}  // namespace reconciler
