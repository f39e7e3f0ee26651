// Files on the disk for a test, gone with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "reconciler/base/error.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace reconciler {

class Files {
 public:
  Files() {
    std::string form = (std::filesystem::temp_directory_path() / "manifest-XXXXXX").string();
    root_ = ::mkdtemp(form.data());
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() { std::filesystem::remove_all(root_); }

  const std::string& root() const { return root_; }
  std::string path(const std::string& name) const { return root_ + "/" + name; }

  Files& write(const std::string& name, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return *this;
  }

  /// What `validate` would print of the mistakes; the fatal one where nothing could be read.
  std::string validate() const {
    const auto read = read_manifests(root_);
    if (!read) return render(read.error());
    std::string out;
    for (const auto& mistake : read->mistakes()) out += render(mistake);
    return out;
  }

  Manifests read() const {
    auto read = read_manifests(root_);
    EXPECT_TRUE(read) << render(read.error());
    return read ? std::move(*read) : Manifests{};
  }

  /// The only environment there is.
  EnvironmentSpec environment() const {
    Manifests all = read();
    EXPECT_EQ(all.environments.size(), 1U) << validate();
    return all.environments.empty() ? EnvironmentSpec{} : std::move(all.environments.front());
  }

 private:
  std::string root_;
};

}  // namespace reconciler
