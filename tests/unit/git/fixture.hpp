// Real repositories in a folder of the test's own, made with the git command line.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "reconciler/base/clock.hpp"
#include "reconciler/base/helper.hpp"
#include "reconciler/model/host.hpp"

namespace reconciler::test {

/// The real helper, with a list of what it was asked.
class RecordingHelper final : public Helper {
 public:
  Result<Json> call(const std::string& verb, const Json& request, Duration timeout,
                    std::stop_token stop = {}) override {
    verbs.push_back(verb);
    return real_.call(verb, request, timeout, stop);
  }
  std::vector<std::string> take() { return std::exchange(verbs, {}); }
  std::vector<std::string> verbs;

 private:
  HelperProcess real_;
};

class GitTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Runs git in the work tree (or in `folder`); the test fails when it does. Its output, trimmed.
  std::string git(std::vector<std::string> arguments, const std::string& input = "",
                  const std::string& folder = "");
  void write(const std::string& path, const std::string& content, unsigned mode = 0644);
  /// Commits all that is written, and pushes branch and tags by force. The commit.
  std::string commit(const std::string& message);
  std::string hash(const std::string& content);
  Repository repository(const std::string& name = "deploy") const;

  std::string root;    ///< of this test
  std::string work;    ///< the work tree
  std::string remote;  ///< the bare repository that is fetched from
  std::string state;   ///< the state folder
  RecordingHelper helper;
  SystemClock clock;
  Duration soon{std::chrono::seconds(20)};
};

std::string read(const std::string& path);
/// The sorted names in a folder.
std::vector<std::string> names_in(const std::string& folder);
/// `code: message`, or the empty text.
template <class T>
std::string said(const Result<T>& result) {
  return result ? "" : result.error().code + ": " + result.error().message;
}

}  // namespace reconciler::test
