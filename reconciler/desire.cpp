#include "reconciler/desire.hpp"

#include "reconciler/another.hpp"
#include "reconciler/apply/failures.hpp"
#include "reconciler/apply/kept.hpp"
#include "reconciler/asked.hpp"
#include "reconciler/plan/planner.hpp"

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

}  // namespace

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
  Wish wish;
  wish.desired = std::move(kept->desired);
  as_the_manifest_says(spec, wish.desired);
  wish.variables = std::move(kept->variables);
  wish.prepared.wanted = wish.desired.wanted;
  wish.target = target;
  return wish;
}

Result<Wish> desire(const Parts& parts, const Asked& asked, const Memory& memory,
                    std::stop_token stop) {
  const EnvironmentSpec& spec = asked.spec;
  auto tree = tree_of(parts, asked, stop);
  Result<std::string> repository_asks =
      tree ? asked_of(spec, *tree) : Result<std::string>(failure(tree.error()));
  if (tree && !repository_asks) return failed(repository_asks);
  if (auto target = target_of(parts, asked, memory, repository_asks)) {
    Memory towards = memory;
    towards.target = std::move(target);
    const bool recorded = memory.current && memory.current->tag == towards.target->tag;
    auto wish = recorded ? desire_target(parts, spec, towards)
                         : desire_another(parts, asked, towards, stop);
    if (!wish && asked.instead) return wish;
    if (!wish) return failure(cannot_go_back(spec.id, *towards.target, std::move(wish.error())));
    if (!tree) wish->unreadable = std::move(tree.error());
    return wish;
  }
  if (!tree) return failed(tree);
  // Only a tag that a source resolved can move.
  if (spec.source.kind == Source::Kind::repository)
    if (auto kept = parts.ledger.remember_commit(spec.id, spec.tag, tree->commit); !kept)
      return failed(kept);
  auto wish = compile(parts, asked, *tree);
  if (wish) wish->desired.asked = std::move(*repository_asks);
  return wish;
}

}  // namespace reconciler
