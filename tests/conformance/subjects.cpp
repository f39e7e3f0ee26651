#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "plugins/files/driver.hpp"
#include "plugins/probe/driver.hpp"
#include "reconciler/base/filesystem.hpp"
#include "reconciler/driver/remote.hpp"
#include "tests/conformance/fixed_helper.hpp"
#include "tests/conformance/subject.hpp"

namespace reconciler::conformance {
namespace {

using MakeDriver = std::function<std::unique_ptr<Driver>()>;

/// The same driver as a program of its own.
std::unique_ptr<Driver> remote(const std::string& name, const Clock& clock) {
  auto driver = RemoteDriver::start({{SERVED_DRIVER, name}}, clock);
  if (!driver) throw std::runtime_error(render(driver.error()));
  return std::move(*driver);
}

class FilesSubject final : public Subject {
 public:
  explicit FilesSubject(bool apart) {
    char name[] = "/tmp/conformance-XXXXXX";
    root_ = ::mkdtemp(name);
    (void)make_folders(folder(), 0755);
    if (apart)
      driver_ = remote("files", clock_);
    else
      driver_ = std::make_unique<files::FilesDriver>();
  }
  ~FilesSubject() override { (void)remove_tree(root_); }
  Driver& driver() override { return *driver_; }
  Request good() override {
    Request request;
    request.id = {"portfolio", "production"};
    request.tag = "v1.1.0";
    request.lineage = "lineage";
    request.host = JsonObject{{"state", root_ + "/state"},
                              {"state_files", folder()},
                              {"policy", JsonObject{{"state_files", JsonArray{Json(folder())}}}}};
    return request;
  }
  Request bad() override {
    Request request = good();
    request.host.as_object()["state_files"] = "/etc";
    return request;
  }
  std::vector<std::string> codes() override { return {"path.policy"}; }
  Memory memory() override {
    Memory memory;
    memory.lineage = "lineage";
    memory.current = Release{"v1.0.0", "c", "d", {}};
    return memory;
  }
  bool disturb() override {
    return replace_file(folder() + "/current_tag", "v0.9.0\n", 0644).has_value();
  }
  std::string snapshot() override {
    std::string out = stamp(folder());
    const auto names = list_folder(folder()).value_or(std::vector<std::string>{});
    for (const auto& name : names) out += name + stamp(folder() + "/" + name);
    return out;
  }

 private:
  std::string folder() const { return root_ + "/state-files"; }
  static std::string stamp(const std::string& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return " missing\n";
    return fmt::format(" {:o} {} {}.{:09}\n", about.st_mode, about.st_ino, about.st_mtim.tv_sec,
                       about.st_mtim.tv_nsec);
  }
  SystemClock clock_;
  std::string root_;
  std::unique_ptr<Driver> driver_;
};

class ProbeSubject final : public Subject {
 public:
  explicit ProbeSubject(bool apart) {
    if (apart)
      driver_ = remote("probe", clock_);
    else
      driver_ = std::make_unique<probe::ProbeDriver>(helper_);
  }
  Driver& driver() override { return *driver_; }
  Request good() override { return asking({"http://${DOMAIN}/", "http://localhost/ready"}); }
  Request bad() override { return asking({"ftp://x/", "http://${DOMAN}/", "http://a:b@x/"}); }
  std::vector<std::string> codes() override {
    return {"health.url_denied", "variables.unknown", "health.url_denied"};
  }
  Variables variables() override {
    Variables all;
    all["DOMAIN"] = {Secret("s3cret.example"), ".env:1", true};
    return all;
  }
  bool disturb() override { return false; }
  std::string snapshot() override { return ""; }

 private:
  static Request asking(const std::vector<std::string>& urls) {
    Request request;
    request.id = {"portfolio", "production"};
    request.tag = "v1.1.0";
    JsonArray checks;
    for (const auto& url : urls) checks.push_back(JsonObject{{"name", url}, {"http", url}});
    request.sections = JsonObject{{"verify", JsonObject{{"checks", std::move(checks)}}}};
    return request;
  }
  SystemClock clock_;
  FixedHelper helper_;
  std::unique_ptr<Driver> driver_;
};

template <class T>
Kind kind(std::string name, bool apart) {
  return {std::move(name), [apart] { return std::make_unique<T>(apart); }};
}

}  // namespace

std::vector<Kind> kinds() {
  return {kind<FilesSubject>("files", false), kind<FilesSubject>("files_apart", true),
          kind<ProbeSubject>("probe", false), kind<ProbeSubject>("probe_apart", true)};
}

}  // namespace reconciler::conformance
