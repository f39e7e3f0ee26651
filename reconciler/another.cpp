#include "reconciler/another.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/apply/kept.hpp"
#include "reconciler/asked.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/checks_since.hpp"
#include "reconciler/desire.hpp"

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration look_and_compile_within{3min};

/// The commit that a version was last recorded with; empty where that is not known.
Result<std::string> recorded_commit(const Parts& parts, const EnvironmentId& id,
                                    const std::string& tag) {
  auto versions = parts.ledger.versions(id);
  if (!versions) return failed(versions);
  const auto found = std::ranges::find(*versions, tag, &Version::tag);
  return found == versions->end() ? "" : found->commit;
}

/// The target as today's manifest, variables and compiler make it. What is done once a tag was done
/// when it was new, or is not: no part of going back.
Result<Wish> compiled_anew(const Parts& parts, const Asked& asked, const Memory& memory,
                           const std::stop_token& stop) {
  const Target& target = *memory.target;
  Asked back = asked;
  back.spec.tag = target.tag;
  auto commit = recorded_commit(parts, asked.spec.id, target.tag);
  if (!commit) return failed(commit);
  auto tree = tree_of(parts, back, stop, *commit);
  if (!tree) return failed(tree);
  auto wish = compile(parts, back, *tree, stop);
  if (!wish) return wish;
  // What was deployed past us was released by whoever did that.
  if (target.reason == "OperatorDeployed")
    for (const auto& step : wish->desired.steps)
      if (step.once == Once::tag) wish->desired.assumed[step.once_key] = step.name;
  std::erase_if(wish->desired.steps, [](const Step& step) { return step.once == Once::tag; });
  auto asks = asked_of(back.spec, *tree);
  if (!asks) return failed(asks);
  wish->desired.asked = std::move(*asks);
  if (memory.previous && memory.previous->tag == target.tag)
    soften_checks_since(parts.ledger, Ledger::Slot::previous, wish->desired);
  wish->target = target;
  return wish;
}

/// Images and the like that would have to be made or fetched.
Result<std::vector<std::string>> to_supply(const Parts& parts, const Memory& memory,
                                           const Wish& wish) {
  auto seen = parts.drivers.observe(wish.desired.id, wish.desired.wanted, memory, wish.variables,
                                    Deadline(parts.clock, look_and_compile_within));
  if (!seen) return failed(seen);
  std::vector<std::string> names;
  for (const auto& r : seen->resources) {
    const auto match = r.remedies.find(Aim::match);
    if (r.desired == r.observed || match == r.remedies.end()) continue;
    // A name that is given back is neither.
    if (std::ranges::any_of(match->second, [](const Work& work) {
          return work.phase == Phase::supply && work.verb != "tag";
        }))
      names.push_back(r.id.name);
  }
  return names;
}

/// Whose values are not the ones that the version before was recorded with.
std::vector<std::string> rotated(const Variables& then, const Variables& later) {
  std::vector<std::string> names;
  for (const auto& [name, variable] : later) {
    if (name == "TAG" || name == "COMMIT") continue;
    const auto before = then.find(name);
    if (before == then.end() || before->second.value.reveal() != variable.value.reveal())
      names.push_back(name);
  }
  return names;
}

/// What people are to know of a version that comes from its records.
std::string said_of_kept(const Parts& parts, const Wish& wish, const Memory& memory,
                         const Error& why) {
  std::string text =
      fmt::format("{} is taken as it was recorded {}, with the variables of then: {}",
                  wish.desired.tag, to_text(memory.previous->at), why.message);
  const Again current{wish.desired.id, memory.current->tag, Ledger::Slot::current};
  const auto now = kept_version(parts.ledger, current);
  if (!now) return text;
  const auto names = rotated(wish.variables, now->variables);
  return names.empty() ? text : text + "; changed since: " + join(names, ", ");
}

}  // namespace

Result<Wish> desire_another(const Parts& parts, const Asked& asked, const Memory& memory,
                            const std::stop_token& stop) {
  const Target& target = *memory.target;
  auto anew = compiled_anew(parts, asked, memory, stop);
  std::optional<Error> why;
  if (anew) {
    auto lacks = to_supply(parts, memory, *anew);
    if (!lacks) return failed(lacks);
    if (lacks->empty()) return anew;
    why = error("rollback.images_gone",
                fmt::format("{} cannot be gone back to: {} {} not on the host as today's manifest "
                            "and variables want {}, and going back never builds and never pulls",
                            target.tag, enumerate(*lacks), lacks->size() == 1 ? "is" : "are",
                            lacks->size() == 1 ? "it" : "them"))
              .next(fmt::format("commit tag: {} for {}; then it is supplied first", target.tag,
                                asked.spec.id.text()));
  } else {
    why = std::move(anew.error());
  }
  if (memory.previous && memory.previous->tag == target.tag)
    if (auto kept = desire_target(parts, asked.spec, memory)) {
      kept->notices.push_back(said_of_kept(parts, *kept, memory, *why));
      return kept;
    }
  return failure(std::move(*why));
}

}  // namespace reconciler
