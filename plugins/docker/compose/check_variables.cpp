#include "plugins/docker/compose/check_variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

/// execve(2): MAX_ARG_STRLEN, 32 pages, with the byte that ends it.
constexpr size_t longest_variable = size_t{128} * 1024 - 1;

}  // namespace

Status check_variables(const Variables& variables, const std::string& project) {
  static const std::set<std::string_view> exact = {"PATH",
                                                   "DOCKER_HOST",
                                                   "DOCKER_CONTEXT",
                                                   "DOCKER_CONFIG",
                                                   "DOCKER_API_VERSION",
                                                   "DOCKER_TLS",
                                                   "DOCKER_TLS_VERIFY",
                                                   "DOCKER_CERT_PATH",
                                                   "DOCKER_CUSTOM_HEADERS",
                                                   "DOCKER_DEFAULT_PLATFORM",
                                                   "DOCKER_AUTH_CONFIG",
                                                   "DOCKER_BUILDKIT",
                                                   "LD_ASSUME_KERNEL",
                                                   "LD_AUDIT",
                                                   "LD_BIND_NOT",
                                                   "LD_BIND_NOW",
                                                   "LD_DYNAMIC_WEAK",
                                                   "LD_LIBRARY_PATH",
                                                   "LD_ORIGIN_PATH",
                                                   "LD_POINTER_GUARD",
                                                   "LD_PREFER_MAP_32BIT_EXEC",
                                                   "LD_PRELOAD",
                                                   "LD_SHOW_AUXV",
                                                   "LD_USE_LOAD_BIAS",
                                                   "LD_VERBOSE",
                                                   "LD_WARN",
                                                   "GODEBUG",
                                                   "GOTRACEBACK",
                                                   "GOMAXPROCS",
                                                   "GOGC",
                                                   "GOMEMLIMIT",
                                                   "GOCOVERDIR",
                                                   "GLIBC_TUNABLES",
                                                   "GCONV_PATH",
                                                   "LOCPATH",
                                                   "NLSPATH",
                                                   "OPENSSL_CONF",
                                                   "OPENSSL_MODULES",
                                                   "TMPDIR"};
  // ld.so(8), and what docker/cli, Compose, buildx and OpenTelemetry's library read.
  static const std::vector<std::string> prefixes = {"COMPOSE_",
                                                    "LD_DEBUG",
                                                    "LD_PROFILE",
                                                    "LD_TRACE_",
                                                    "LD_HWCAP_",
                                                    "OTEL_",
                                                    "BUILDX_",
                                                    "BUILDKIT_",
                                                    "MALLOC_",
                                                    "XDG_",
                                                    "DOCKER_CONTENT_TRUST",
                                                    "DOCKER_CLI_"};
  std::vector<Error> errors;
  for (const auto& [name, variable] : variables) {
    const size_t size = name.size() + 1 + variable.value.reveal().size();
    if (size > longest_variable)
      errors.push_back(
          error("variables.too_long",
                fmt::format("the variable {} takes {} bytes with its name; a process is given at "
                            "most {}",
                            printable(name, 100), size, longest_variable))
              .with("from", variable.from)
              .next("hand a long value over as a file: a secret or config with `file:`"));
    if (name == "COMPOSE_PROFILES") continue;
    if (name == "COMPOSE_PROJECT_NAME") {
      if (variable.value.reveal() != project)
        errors.push_back(
            error("compose.env_redirect",
                  fmt::format("COMPOSE_PROJECT_NAME disagrees with the project \"{}\"", project))
                .with("from", variable.from)
                .next("take it out, or name the project under `compose.project`"));
      continue;
    }
    const bool steers = exact.contains(name) || name.find('=') != std::string::npos ||
                        name.empty() ||
                        std::any_of(prefixes.begin(), prefixes.end(),
                                    [&name = name](const auto& p) { return name.starts_with(p); });
    if (steers)
      errors.push_back(
          error("compose.env_redirect",
                fmt::format("the variable {} would steer Compose itself, not the stack",
                            printable(name, 100)))
              .with("from", variable.from)
              .next("take it out"));
  }
  if (errors.empty()) return {};
  return failure(gather(std::move(errors)));
}

}  // namespace reconciler::docker
