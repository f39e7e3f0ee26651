// From a stream's bytes to whole lines: the Engine's frames (8-byte headers) are taken off where
// the stream has them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace reconciler::docker {

/// Takes the Engine's frames off a multiplexed stream: each is an 8-byte header (whose it is, how
/// long) and bytes.
class FrameReader {
 public:
  enum Source : std::uint8_t { in, out, error };
  /// `on_bytes` gets what a frame holds, as it comes.
  explicit FrameReader(std::function<void(Source, std::string_view)> on_bytes)
      : on_bytes_(std::move(on_bytes)) {}
  void add(std::string_view bytes);
  /// Nothing of a frame is left out.
  bool whole() const { return left_ == 0 && header_.empty(); }

 private:
  std::function<void(Source, std::string_view)> on_bytes_;
  std::string header_;  // bytes that are not yet a whole one
  size_t left_ = 0;     // of the current frame
  Source source_ = in;  // of the current frame
};

/// Bytes in, lines out. Standard output and error of a multiplexed stream are kept apart until a
/// line is whole. Of a line longer than `longest_line` the rest is dropped, and `cut_mark` stands
/// for it.
class LineReader {
 public:
  static constexpr size_t longest_line = size_t{64} << 10U;
  explicit LineReader(const std::function<void(std::string_view)>& on_line)
      : on_line_(on_line), frames_([this](FrameReader::Source source, std::string_view bytes) {
          text(source, bytes);
        }) {}
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  /// What the response's header says; without it the first eight bytes tell.
  void set_multiplexed() { kind_ = Kind::multiplexed; }
  /// Its bytes have no frames.
  void set_raw() { kind_ = Kind::raw; }
  void add(std::string_view bytes);
  /// The end of the stream: the last line may lack its end.
  void finish();

 private:
  enum class Kind { unknown, multiplexed, raw };
  void decide();
  void text(size_t source, std::string_view bytes);
  const std::function<void(std::string_view)>& on_line_;
  Kind kind_ = Kind::unknown;
  FrameReader frames_;
  std::string pending_;  // while it is unknown: the first bytes
  std::array<std::string, 3> partial_{};
  std::array<bool, 3> dropping_{};  // the line was passed on at its longest, and has no end yet
};

}  // namespace reconciler::docker
