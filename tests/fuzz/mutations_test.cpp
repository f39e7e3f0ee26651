// The fuzz target over mutations of real manifests: no crash, no endless loop, whatever is written
// there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "reconciler/base/filesystem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace reconciler {
namespace {

/// What mistakes are made of.
constexpr std::array<std::string_view, 20> pieces{"\t", "\n", "  ", ":",   ": ",   "- ",     "{",
                                                  "}",  "[",  "]",  "&a ", "*a",   "<<: *a", "'",
                                                  "\"", "${", "$$", "|\n", "\xff", "\0"};

class Mutations {
 public:
  explicit Mutations(std::uint64_t seed) : random_(seed) {}

  std::string of(std::string text, const std::string& other) {
    for (size_t n = 1 + below(4); n > 0; --n) one(text, other);
    return text;
  }

 private:
  size_t below(size_t most) { return std::uniform_int_distribution<size_t>(0, most - 1)(random_); }
  size_t place(const std::string& text) { return below(text.size() + 1); }

  void one(std::string& text, const std::string& other) {
    const size_t at = place(text);
    switch (below(6)) {
      case 0:
        text.insert(at, pieces.at(below(pieces.size())));
        break;
      case 1:
        text.erase(at, 1 + below(40));
        break;
      case 2:
        text.insert(at, text.substr(place(text), below(200)));
        break;
      case 3:
        text.insert(at, other.substr(place(other), below(200)));
        break;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      default:
        text.resize(at);
    }
  }

  std::mt19937_64 random_;
};

TEST(ManifestFuzz, MutatedManifestsAreReadOrRefused) {
  std::vector<std::string> seeds;
  for (const auto* name : {"reference.yaml", "host-reference.yaml", "portfolio/reconciler.yaml",
                           "portfolio/host.yaml", "portfolio/doppler/portfolio/prd"}) {
    auto text = read_file(std::string(SOURCE_FOLDER "/manifests/") + name);
    ASSERT_TRUE(text) << name;
    seeds.push_back(std::move(*text));
  }
  const char* deep = std::getenv("RECONCILER_DEEP");
  const size_t rounds = deep && std::string_view(deep) == "1" ? 200'000 : 2'000;
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Mutations mutations(seed);
  const std::string last_read = "/dev/shm/reconciler-fuzz-" + std::to_string(::getpid());
  for (size_t i = 0; i < rounds; ++i) {
    const std::string text = mutations.of(seeds[i % seeds.size()], seeds[(i / 7) % seeds.size()]);
    // A crash takes the process away: what was read last is found here.
    ASSERT_TRUE(replace_file(last_read, text));
    EXPECT_EQ(
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0);
  }
  (void)remove_tree(last_read);
}

}  // namespace
}  // namespace reconciler
