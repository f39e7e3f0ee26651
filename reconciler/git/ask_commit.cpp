#include "reconciler/git/ask_commit.hpp"

namespace reconciler {

Result<std::string> ask_commit(const Repository& repository, Helper& helper, Duration timeout,
                               std::stop_token stop) {
  const Json request = JsonObject{{"url", repository.url},
                                  {"branch", repository.branch},
                                  {"ssh_key", repository.ssh_key},
                                  {"known_hosts", repository.known_hosts}};
  auto answer = helper.call("list", request, timeout, std::move(stop));
  if (!answer) return failed(answer);
  return text_at(*answer, "commit");
}

}  // namespace reconciler
