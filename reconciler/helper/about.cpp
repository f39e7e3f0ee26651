#include "reconciler/helper/about.hpp"

#include "reconciler/base/text.hpp"
#include "reconciler/base/utf8.hpp"

namespace reconciler::helper {
namespace {

constexpr size_t most_subject = 200;

std::string one_line(const char* text, size_t most) {
  if (!text) return {};
  std::string_view line(text);
  line = trim(line.substr(0, line.find('\n')));
  return printable(to_utf8(line, most));
}

}  // namespace

Result<JsonObject> describe(git_repository* repository, const std::string& commit,
                            const std::string& mirror) {
  auto found = find_commit(repository, commit, mirror);
  if (!found) return failed(found);
  const git_signature* author = git_commit_author(found->get());
  return JsonObject{{"commit", commit},
                    {"subject", one_line(git_commit_message(found->get()), most_subject)},
                    {"author", one_line(author ? author->name : nullptr, 100)},
                    {"time", git_commit_time(found->get())}};
}

}  // namespace reconciler::helper
