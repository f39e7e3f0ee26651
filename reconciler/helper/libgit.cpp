#include "reconciler/helper/libgit.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/base/utf8.hpp"

namespace reconciler::helper {

LibGit::LibGit(const std::string& home, const std::string& ca_file) {
  ::setenv("HOME", home.empty() ? "/nonexistent" : home.c_str(), 1);
  git_libgit2_init();
  for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                          GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL})
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  // A path of this machine is fetched from only where the host file names it: that is the owner's
  // word, whoever the files belong to.
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, size_t{512} << 20U);
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(64) << 20U);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, size_t{10'000'000});
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
  if (!ca_file.empty()) git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, ca_file.c_str(), nullptr);
}

LibGit::~LibGit() {
  git_libgit2_shutdown();
}

std::string cause_of(int code) {
  const git_error* last = git_error_last();
  if (!last || !last->message || !*last->message) return fmt::format("libgit2 says {}", code);
  return printable(to_utf8(last->message, 500));
}

Error mirror_error(int code, const std::string& mirror) {
  const std::string cause = cause_of(code);
  if (cause.find("No space left") != cause.npos || cause.find("quota exceeded") != cause.npos)
    return error("file.unwritable", fmt::format("cannot write {}: no space left", mirror))
        .next("make room on that disk");
  if (cause.find("Permission denied") != cause.npos || cause.find("Read-only") != cause.npos)
    return error("file.unwritable", fmt::format("cannot write {}", mirror)).with("cause", cause);
  return error("git.corrupt", fmt::format("the mirror {} cannot be read", mirror))
      .with("cause", cause)
      .passing();
}

Result<Repository> open_mirror(const std::string& mirror) {
  if (!exists(mirror))
    return failure(error("git.never_fetched", fmt::format("there is no mirror {}", mirror)));
  git_repository* raw = nullptr;
  const int code = git_repository_open_ext(
      &raw, mirror.c_str(), GIT_REPOSITORY_OPEN_BARE | GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  if (code < 0) return failure(mirror_error(code, mirror));
  return Repository(raw);
}

bool is_damaged(git_repository* repository) {
  git_reference_iterator* raw = nullptr;
  if (git_reference_iterator_new(&raw, repository) < 0) return true;
  const ReferenceIterator all(raw);
  git_odb* raw_odb = nullptr;
  if (git_repository_odb(&raw_odb, repository) < 0) return true;
  const Odb odb(raw_odb);
  for (;;) {
    git_reference* next = nullptr;
    const int code = git_reference_next(&next, all.get());
    if (code == GIT_ITEROVER) return false;
    if (code < 0) return true;
    const Reference reference(next);
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const git_oid* target = git_reference_target(reference.get());
    if (target && git_odb_read_header(&size, &type, odb.get(), target) < 0) return true;
  }
}

Result<git_oid> parse_commit(std::string_view hex) {
  git_oid oid{};
  if (hex.size() != GIT_OID_HEXSZ || hex.find_first_not_of("0123456789abcdef") != hex.npos ||
      git_oid_fromstrn(&oid, hex.data(), hex.size()) < 0)
    return failure(
        error("git.ref_invalid",
              fmt::format("\"{}\" is not a commit's 40 hexadecimal digits", printable(hex, 80))));
  return oid;
}

Result<Commit> find_commit(git_repository* repository, std::string_view hex,
                           const std::string& mirror) {
  auto oid = parse_commit(hex);
  if (!oid) return failed(oid);
  git_commit* raw = nullptr;
  const int code = git_commit_lookup(&raw, repository, &*oid);
  if (code == GIT_ENOTFOUND && !is_damaged(repository))
    return failure(
        error("git.commit_not_found", fmt::format("commit {} is not in {}", hex, mirror)));
  if (code < 0) return failure(mirror_error(code, mirror));
  return Commit(raw);
}

std::string to_text(const git_oid& oid) {
  char hex[GIT_OID_HEXSZ + 1];
  git_oid_tostr(hex, sizeof hex, &oid);
  return hex;
}

}  // namespace reconciler::helper
