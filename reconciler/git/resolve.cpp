#include "reconciler/git/resolve.hpp"

#include <fmt/format.h>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler {
namespace {

constexpr std::string_view tags = "refs/tags/";

std::vector<std::string> tag_names(const Snapshot& source) {
  std::vector<std::string> names;
  for (const auto& [ref, commit] : source.refs)
    if (ref.starts_with(tags)) names.push_back(ref.substr(tags.size()));
  return names;
}

Error not_found(const TagQuestion& question, const Snapshot& source) {
  const auto names = tag_names(source);
  Error e = error("tag.not_found",
                  fmt::format("{} has no tag \"{}\" ({}, fetched {})", source.repository,
                              question.tag, count(names.size(), "tag"), to_text(source.fetched_at)))
                .at(question.place)
                .passing();
  if (const auto near = nearest(question.tag, names))
    return std::move(e).next(fmt::format("did you mean \"{}\"?", *near));
  return std::move(e).next(is_folder(source.repository)
                               ? fmt::format("make it there: git -C {} tag {}",
                                             shell_word(source.repository), question.tag)
                               : fmt::format("push it: git push origin {}", question.tag));
}

Error moved(const TagQuestion& question, const Snapshot& source, const std::string& commit) {
  return error("tag.moved", fmt::format("tag \"{}\" of {} was {} when it was first used here, and "
                                        "is {} now",
                                        question.tag, source.repository,
                                        question.remembered.substr(0, 8), commit.substr(0, 8)))
      .at(question.place)
      .with("was", question.remembered)
      .with("is", commit)
      .next("give what is there now a tag of its own, or move this one back");
}

Result<std::string> by_commit(const TagQuestion& question, const std::string& prefix,
                              const Snapshot& source, Mirror& mirror, Duration timeout,
                              const std::stop_token& stop) {
  // A commit's id never means another commit, so what was found once needs no second look.
  if (!question.remembered.empty() && question.remembered.starts_with(prefix))
    return question.remembered;
  auto commit = mirror.find_commit(prefix, timeout, stop);
  if (commit) return commit;
  if (commit.error().code == "git.commit_not_found")
    return failure(
        error("tag.not_found", fmt::format("{} has no commit that begins with {} (fetched {})",
                                           source.repository, prefix, to_text(source.fetched_at)))
            .at(question.place)
            .next("push the commit")
            .passing());
  if (commit.error().code == "git.commit_ambiguous")
    return failure(
        error("tag.ambiguous", fmt::format("{} in {}", commit.error().message, source.repository))
            .at(question.place)
            .next("write more digits of it"));
  return commit;
}

}  // namespace

Result<std::string> resolve_tag(const TagQuestion& question, const Snapshot& source, Mirror& mirror,
                                Duration timeout, const std::stop_token& stop) {
  if (auto checked = check_tag(question.tag, question.discipline); !checked)
    return failure(std::move(checked.error()).at(question.place));
  if (question.discipline == TagDiscipline::commit)
    return by_commit(question, question.tag, source, mirror, timeout, stop);
  const auto found = source.refs.find(std::string(tags) + question.tag);
  if (found != source.refs.end()) {
    if (!question.remembered.empty() && question.remembered != found->second)
      return failure(moved(question, source, found->second));
    return found->second;
  }
  if (question.discipline != TagDiscipline::build) return failure(not_found(question, source));
  const auto end = question.tag.find('-');
  return by_commit(question, question.tag.substr(1, end - 1), source, mirror, timeout, stop);
}

}  // namespace reconciler
