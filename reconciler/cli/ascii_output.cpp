#include "reconciler/cli/ascii_output.hpp"

#include <unistd.h>

#include <array>
#include <iostream>
#include <streambuf>
#include <string>
#include <string_view>

#include "reconciler/base/columns.hpp"

namespace reconciler::cli {
namespace {

/// A value that is not told is named between these.
constexpr std::array<std::pair<std::string_view, char>, 2> marks{{{"‹", '<'}, {"›", '>'}}};

std::string without_marks(std::string_view text) {
  std::string out(text);
  for (const auto& [mark, plain] : marks)
    for (size_t at = 0; (at = out.find(mark, at)) != std::string::npos; ++at)
      out.replace(at, mark.size(), 1, plain);
  return out;
}

}  // namespace

/// Characters come whole: what is written is whole texts.
class AsciiOutput::Stream final : public std::streambuf {
 public:
  Stream(std::ostream& stream, int descriptor)
      : stream_(stream), before_(stream.rdbuf()), terminal_(::isatty(descriptor) != 0) {
    stream_.rdbuf(this);
  }
  ~Stream() override { stream_.rdbuf(before_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

 protected:
  std::streamsize xsputn(const char* text, std::streamsize n) override {
    const std::string_view given(text, static_cast<size_t>(n));
    const std::string plain = terminal_ ? ascii(given) : without_marks(given);
    const auto size = static_cast<std::streamsize>(plain.size());
    return before_->sputn(plain.data(), size) == size ? n : 0;
  }
  int_type overflow(int_type c) override {
    return traits_type::eq_int_type(c, traits_type::eof())
               ? traits_type::not_eof(c)
               : before_->sputc(traits_type::to_char_type(c));
  }
  int sync() override { return before_->pubsync(); }

 private:
  std::ostream& stream_;
  std::streambuf* before_;
  bool terminal_;
};

AsciiOutput::AsciiOutput()
    : out_(std::make_unique<Stream>(std::cout, STDOUT_FILENO)),
      err_(std::make_unique<Stream>(std::cerr, STDERR_FILENO)) {}

AsciiOutput::~AsciiOutput() = default;

}  // namespace reconciler::cli
