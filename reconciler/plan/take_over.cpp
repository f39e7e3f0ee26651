#include "reconciler/plan/take_over.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "reconciler/base/text.hpp"
#include "reconciler/plan/planner.hpp"

namespace reconciler {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// `v1.9.0` before `v1.10.0`: numbers by value, all else by its letters.
bool older(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const auto number = [](std::string_view& text) {
        while (text.size() > 1 && text.front() == '0' && is_digit(text[1])) text.remove_prefix(1);
        size_t n = 0;
        while (n < text.size() && is_digit(text[n])) ++n;
        const auto digits = text.substr(0, n);
        text.remove_prefix(n);
        return digits;
      };
      const auto x = number(a);
      const auto y = number(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else if (a.front() != b.front()) {
      return a.front() < b.front();
    } else {
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

bool runs_of_others(const Resource& r) {
  return r.id.kind == "service" && !r.ours && !r.desired.empty() && !r.observed.empty();
}

/// The tag that those of one driver agree on: git's where any does, else that of what runs.
std::optional<std::string> tag_shown(const Desired& desired, const Observation& observation) {
  std::map<std::string, std::set<std::string>> by_driver;
  std::set<std::string> running;
  for (const auto& r : observation.resources) {
    if (r.desired.empty() || r.version.empty() || r.artifact) continue;
    by_driver[r.id.driver].insert(r.version);
    if (runs_of_others(r)) running.insert(r.id.driver);
  }
  std::optional<std::string> tag;
  for (const auto& [driver, tags] : by_driver) {
    if (tags.size() != 1) continue;
    if (*tags.begin() == desired.tag) return desired.tag;
    if (!tag || running.contains(driver)) tag = *tags.begin();
  }
  return tag;
}

/// It runs what another tag was built as, whatever is written of it.
bool runs_another(const Observation& observation, const std::string& tag) {
  return std::ranges::any_of(observation.resources, [&](const Resource& r) {
    return runs_of_others(r) && !r.version.empty() && r.version != tag;
  });
}

/// What writes down what is known, and nobody has written so far: it touches nothing.
bool only_unwritten(const Resource& r) {
  const auto match = r.remedies.find(Aim::match);
  return r.observed.empty() && match != r.remedies.end() &&
         std::ranges::all_of(match->second,
                             [](const Work& work) { return work.phase == Phase::record; });
}

bool is_whole(const Observation& observation) {
  return std::ranges::all_of(observation.resources, [](const Resource& r) {
    if (r.desired.empty()) return !r.ours || !r.remedies.contains(Aim::remove);
    return r.desired == r.observed || only_unwritten(r);
  });
}

std::map<std::string, Artifacts> artifacts_by_tag(const Desired& desired,
                                                  const Observation& observation) {
  std::map<std::string, Artifacts> all;
  for (const auto& r : observation.resources) {
    if (!r.artifact || r.observed.empty()) continue;
    if (!r.desired.empty())
      all[desired.tag][r.id] = r.inputs;
    else if (!r.version.empty())
      all[r.version][r.id] = r.inputs;
  }
  return all;
}

/// Those that retention would keep; older ones stay whose they were.
std::vector<std::string> kept_tags(const Desired& desired, const TakenOver& found,
                                   const std::map<std::string, Artifacts>& artifacts) {
  std::vector<std::string> tags;
  for (const auto& [tag, all] : artifacts)
    if (tag != found.tag && tag != found.previous && tag != desired.tag) tags.push_back(tag);
  std::ranges::sort(tags, older);
  const size_t most = desired.keep ? static_cast<size_t>(std::max(0, *desired.keep)) : tags.size();
  if (tags.size() > most) tags.erase(tags.begin(), tags.end() - static_cast<std::ptrdiff_t>(most));
  return tags;
}

std::string images_in_words(const TakenOver& found) {
  size_t all = 0;
  std::vector<std::string> others;
  for (const auto& [tag, artifacts] : found.versions) {
    all += artifacts.size();
    if (tag == found.tag || artifacts.empty()) continue;
    others.push_back(fmt::format("{} of them {}{}", artifacts.size(), tag,
                                 tag == found.previous ? ", for a rollback" : ", kept"));
  }
  if (all == 0) return "";
  std::ranges::reverse(others);
  return count(all, "image") + (others.empty() ? "" : " (" + join(others, "; ") + ")");
}

std::string found_in_words(const TakenOver& found, const Observation& observation) {
  size_t containers = 0;
  std::vector<std::string> written;
  for (const auto& r : observation.resources) {
    if (runs_of_others(r))
      ++containers;
    else if (!r.artifact && !r.version.empty() && !r.observed.empty())
      written.push_back(r.id.name);
  }
  std::vector<std::string> parts{count(containers, "container")};
  if (auto images = images_in_words(found); !images.empty()) parts.push_back(std::move(images));
  parts.insert(parts.end(), written.begin(), written.end());
  return join(parts, ", ");
}

}  // namespace

std::optional<TakenOver> find_taken_over(const Desired& desired, const Observation& observation,
                                         const Memory& memory) {
  if (memory.current || memory.unfinished || memory.target) return std::nullopt;
  if (std::ranges::none_of(observation.resources, runs_of_others)) return std::nullopt;
  TakenOver found;
  const auto tag = tag_shown(desired, observation);
  found.tag = tag.value_or(desired.tag);
  // Whoever wrote git's tag down while another one runs was on the way there, or came back: with
  // the release done, or not.
  found.shown = tag && (found.tag != desired.tag || !runs_another(observation, found.tag));
  found.whole = found.tag == desired.tag && is_whole(observation);
  for (const auto& r : observation.resources)
    if (r.desired.empty() && !r.artifact && !r.version.empty() && r.version != found.tag)
      found.previous = r.version;
  auto artifacts = artifacts_by_tag(desired, observation);
  auto tags = kept_tags(desired, found, artifacts);
  if (!found.previous.empty()) tags.push_back(found.previous);
  tags.push_back(found.tag);
  for (auto& one : tags) found.versions.emplace_back(one, std::move(artifacts[one]));
  found.words = found_in_words(found, observation);
  return found;
}

Memory with_taken_over(Memory memory, const Desired& desired, const TakenOver& found,
                       WallTime now) {
  const bool wanted = found.tag == desired.tag;
  memory.current =
      Release{found.tag, wanted ? desired.commit : "", found.whole ? desired.digest : "", now};
  if (!found.previous.empty()) memory.previous = Release{found.previous, "", "", now};
  memory.kept = found.whole;
  memory.adopted = !found.shown;
  // Of what is half of another version nobody knows whether the switch steps of this one have run.
  if (wanted && (found.shown || found.whole)) memory.changed_to = version_key(desired);
  if (wanted && found.shown)
    for (const auto& step : desired.steps)
      if (step.once == Once::tag) memory.once.try_emplace(step.once_key, Fate::succeeded);
  for (const auto& [tag, artifacts] : found.versions) {
    Version version{desired.id, tag, "", now, now, artifacts};
    if (tag == found.tag) version.until.reset();
    memory.versions.insert(memory.versions.begin(), std::move(version));
  }
  return memory;
}

}  // namespace reconciler
