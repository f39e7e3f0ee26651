// From a stream's bytes to whole lines: the Engine's frames (8-byte headers) are taken off where
// the stream has them.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

namespace reconciler::docker {

/// Bytes in, lines out. Standard output and error of a multiplexed stream are kept apart until a
/// line is whole. Of a line longer than 64 KiB the rest is
/// dropped, and `cut_mark` stands for it.
class LineReader {
 public:
  explicit LineReader(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}
  /// What the response's header says; without it the first eight bytes tell.
  void set_multiplexed() { kind_ = Kind::multiplexed; }
  void add(std::string_view bytes);
  /// The end of the stream: the last line may lack its end.
  void finish();

 private:
  enum class Kind { unknown, multiplexed, raw };
  void decide();
  void frames();
  void text(size_t source, std::string_view bytes);
  const std::function<void(std::string_view)>& on_line_;
  Kind kind_ = Kind::unknown;
  std::string pending_;  // bytes that are not yet a whole header
  size_t left_ = 0;      // of the current frame
  size_t source_ = 0;    // of the current frame: 0 in, 1 out, 2 error
  std::array<std::string, 3> partial_{};
  std::array<bool, 3> dropping_{};  // the line was passed on at its longest, and has no end yet
};

}  // namespace reconciler::docker
