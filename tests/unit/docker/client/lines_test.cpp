#include "plugins/docker/client/lines.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

using Lines = std::vector<std::string>;

std::string frame(char source, const std::string& text) {
  std::string out{source, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>((text.size() >> static_cast<unsigned>(shift)) & 0xffU);
  return out + text;
}

/// The stream in pieces of so many bytes.
Lines read(const std::string& stream, size_t piece, bool multiplexed) {
  Lines lines;
  const std::function<void(std::string_view)> on_line = [&](std::string_view line) {
    lines.emplace_back(line);
  };
  LineReader reader(on_line);
  if (multiplexed) reader.set_multiplexed();
  for (size_t at = 0; at < stream.size(); at += piece)
    reader.add(std::string_view(stream).substr(at, piece));
  reader.finish();
  return lines;
}

RC_GTEST_PROP(Lines, AreTheSameHoweverTheStreamIsCut, ()) {
  const auto piece = *rc::gen::inRange<size_t>(1, 40);
  const std::string framed = frame(1, "one\ntw") + frame(2, "wrong\r\n") + frame(1, "o\nthree");
  RC_ASSERT(read(framed, piece, true) == (Lines{"one", "wrong", "two", "three"}));
  RC_ASSERT(read(framed, piece, false) == read(framed, piece, true));
  RC_ASSERT(read("a terminal's\r\ntext\n", piece, false) == (Lines{"a terminal's", "text"}));
}

TEST(Lines, TheRestOfAnOverlongOneIsDropped) {
  const std::string longest(size_t{64} << 10U, 'a');
  const std::string cut = longest + std::string(cut_mark);
  for (const size_t piece : {size_t{7}, size_t{1000}, size_t{1} << 20U}) {
    EXPECT_TRUE(read(longest + "\nnext\n", piece, false) == (Lines{longest, "next"})) << piece;
    EXPECT_TRUE(read(longest + "more\nnext\n", piece, false) == (Lines{cut, "next"})) << piece;
    EXPECT_TRUE(read(longest + longest + "no end", piece, false) == (Lines{cut})) << piece;
  }
}

RC_GTEST_PROP(FrameReader, GivesEachSourceItsBytesHoweverTheyComeInPieces,
              (std::vector<std::pair<bool, std::string>> frames)) {
  std::string stream;
  std::array<std::string, 3> wanted;
  for (const auto& [error, bytes] : frames) {
    stream += frame(error ? 2 : 1, bytes);
    wanted[error ? 2 : 1] += bytes;
  }
  std::array<std::string, 3> got;
  FrameReader reader(
      [&](FrameReader::Source source, std::string_view bytes) { got[source] += bytes; });
  const auto piece = *rc::gen::inRange<size_t>(1, 20);
  for (size_t at = 0; at < stream.size(); at += piece)
    reader.add(std::string_view(stream).substr(at, piece));
  RC_ASSERT(got == wanted);
}

}  // namespace
}  // namespace reconciler::docker
