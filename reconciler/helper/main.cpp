// reconciler-helper VERB: one JSON request on standard input, one JSON answer on standard output.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <string_view>

#include "reconciler/base/helper.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/helper/verbs.hpp"

namespace {

using namespace reconciler;

struct Verb {
  std::string_view name;
  Result<Json> (*run)(const Json& request);
};

constexpr std::array verbs = {
    Verb{"fetch", helper::fetch},
    Verb{"list", helper::list},
    Verb{"export", helper::export_tree},
    Verb{"last-change", helper::last_change},
    Verb{"commit-info", helper::commit_info},
    Verb{"resolve-prefix", helper::resolve_prefix},
    Verb{"probe", helper::probe},
};

constexpr size_t most_request = 8U << 20U;

void limit(decltype(RLIMIT_CORE) what, rlim_t most) {
  const rlimit both{most, most};
  ::setrlimit(what, &both);  // a lower limit that stands already stays
}

// What others send is parsed in here, so what a mistake in that can cost is bounded. The wall clock
// is the caller's: it kills this process at its deadline.
void confine() {
  ::umask(0077);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // then a write fails, and says so
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 900);
  limit(RLIMIT_FSIZE, rlim_t{8} << 30U);
#ifndef __SANITIZE_ADDRESS__
  limit(RLIMIT_AS, rlim_t{6} << 30U);
#endif
}

Result<Json> read_request() {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(0, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > most_request)
      return failure(error("helper.request", "the request is larger than 8 MiB"));
  }
  auto request = parse_json(text);
  if (!request || !request->is_object())
    return failure(error("helper.request", "the request on standard input is not a JSON object")
                       .next("see reconciler/helper/README.md"));
  return request;
}

Result<Json> run(std::string_view name) {
  for (const auto& verb : verbs) {
    if (verb.name != name) continue;
    auto request = read_request();
    if (!request) return request;
    try {
      return verb.run(*request);
    } catch (const std::exception& e) {
      return failure(error("helper.failed", fmt::format("{} failed: {}", name, printable(e.what())))
                         .passing());
    }
  }
  std::vector<std::string> known;
  known.reserve(verbs.size());
  for (const auto& verb : verbs) known.emplace_back(verb.name);
  return failure(error("helper.verb_unknown",
                       fmt::format("reconciler-helper has no verb \"{}\"", printable(name, 40)))
                     .with("verbs", join(known, ", ")));
}

bool say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(1, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  confine();
  auto answer = argc == 2
                    ? run(argv[1])
                    : failure(error("helper.usage", "usage: reconciler-helper VERB < REQUEST"));
  const JsonObject out = answer ? JsonObject{{"result", std::move(*answer)}}
                                : JsonObject{{"error", to_json(answer.error())}};
  if (!say(boost::json::serialize(out) + "\n")) return 1;
  return answer ? 0 : 1;
}
