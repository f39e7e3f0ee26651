// A tree on disk with git's list of it, an Engine that only says what it is, and a Compose that a
// test writes itself.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "plugins/docker/compose/compiler.hpp"
#include "plugins/docker/compose/stack.hpp"
#include "reconciler/base/digest.hpp"
#include "reconciler/base/filesystem.hpp"

namespace reconciler::docker {

/// Answers GETs from a map and remembers what it was asked.
class QuietEngine final : public Engine {
 public:
  Result<Answer> call(const std::string& method, const std::string& path, const Json*, Deadline,
                      std::stop_token) override {
    asked.push_back(method + " " + path);
    const auto found = answers.find(path);
    if (found == answers.end()) return Answer{404, JsonObject{{"message", "not here"}}, ""};
    return Answer{200, found->second, ""};
  }
  Result<Answer> put_archive(const std::string& path, const std::string&, Deadline) override {
    asked.push_back("PUT " + path);
    return Answer{404, JsonObject{{"message", "not here"}}, ""};
  }
  Status stream(const std::string&, const std::string&, const Json*,
                const std::function<void(std::string_view)>&, Deadline, std::stop_token) override {
    return {};
  }
  Status exec(const std::string&, const ExecPipes&, Deadline, std::stop_token) override {
    return {};
  }
  Result<std::string> api_version(Deadline) override { return api; }
  const Clock& clock() const override { return clock_; }

  std::map<std::string, Json> answers = {{"/info", JsonObject{{"OSType", "linux"}}},
                                         {"/version", JsonObject{{"ApiVersion", "1.41"}}}};
  std::vector<std::string> asked;
  std::string api = "1.41";

 private:
  SystemClock clock_;
};

class ComposeTest : public testing::Test {
 protected:
  ComposeTest() {
    char name[] = "/tmp/reconciler-compose-XXXXXX";
    top_ = ::mkdtemp(name);
    ::mkdir(root().c_str(), 0755);
  }
  ~ComposeTest() override { (void)remove_tree(top_); }

  std::string top() const { return top_; }
  std::string root() const { return top_ + "/tree"; }

  /// A file of the tree, known to git. The oid is made of its content.
  void file(const std::string& path, const std::string& text, bool executable = false) {
    const size_t slash = path.rfind('/');
    for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1))
      folder(path.substr(0, at));
    if (slash != std::string::npos) (void)make_folders(root() + "/" + path.substr(0, slash), 0755);
    std::ofstream(root() + "/" + path) << text;
    index_[path] = {executable ? "100755" : "100644", sha256(text).substr(0, 40)};
  }
  void folder(const std::string& path) { index_[path] = {"040000", sha256(path).substr(0, 40)}; }
  void symlink(const std::string& path) { index_[path] = {"120000", std::string(40, '1')}; }
  void submodule(const std::string& path) { index_[path] = {"160000", std::string(40, '2')}; }
  /// A place that the host file fills: on disk a link, unknown to git.
  void place(const std::string& path, const std::string& text) {
    const std::string real = top_ + "/host-" + std::to_string(files_.size());
    std::ofstream(real) << text;
    (void)::symlink(real.c_str(), (root() + "/" + path).c_str());
    files_[path] = real;
  }

  Json index() const {
    JsonArray out;
    out.push_back(JsonObject{{"path", "."}, {"mode", "040000"}, {"oid", std::string(40, '0')}});
    for (const auto& [path, known] : index_)
      out.push_back(JsonObject{{"path", path}, {"mode", known.first}, {"oid", known.second}});
    return out;
  }
  Tree tree() const { return *Tree::from(root(), index(), files_); }
  static Variables variables(const std::map<std::string, std::string>& values) {
    Variables out;
    for (const auto& [name, value] : values) out[name] = {Secret(value), "test", true};
    return out;
  }
  Result<Stack> stack(const std::vector<std::string>& files = {},
                      const std::map<std::string, std::string>& values = {}) const {
    return read_stack(tree(), files, variables(values));
  }
  Stack good_stack() const {
    auto read = stack();
    return read ? *read : Stack();
  }

  CompileInput input(Json sections = JsonObject{}) {
    std::ofstream(top_ + "/index.json") << boost::json::serialize(index());
    JsonObject files;
    for (const auto& [place, real] : files_) files[place] = real;
    CompileInput in;
    in.id = {"shop", "production"};
    in.tag = "v1";
    in.sections = std::move(sections);
    in.tree = root();
    in.tree_index = top_ + "/index.json";
    in.commit = "c0ffee";
    in.objects = top_ + "/objects";
    in.host =
        JsonObject{{"data", top_ + "/data"}, {"files", std::move(files)}, {"policy", JsonObject{}}};
    in.cache = top_ + "/cache";
    return in;
  }

  /// A program at a path of its own; its standard output is the test's concern.
  std::string program(const std::string& name, const std::string& text) const {
    const std::string path = top_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0755);
    return path;
  }

  static std::vector<std::string> messages(const Error& e) {
    std::vector<std::string> out;
    for (const auto& one : flatten(e))
      out.push_back((one.place.file.empty()
                         ? ""
                         : one.place.file + ":" + std::to_string(one.place.line) + ": ") +
                    one.code + ": " + one.message);
    return out;
  }

  std::map<std::string, std::string> files_;

 private:
  std::string top_;
  std::map<std::string, std::pair<std::string, std::string>> index_;
};

inline Json parse(const std::string& text) {
  return *parse_json(text);
}

}  // namespace reconciler::docker
