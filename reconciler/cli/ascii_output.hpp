// Output where the locale has no UTF-8.
#pragma once

#include <memory>

namespace reconciler::cli {

/// While it lives, standard output and standard error say in ASCII what we write otherwise; on a
/// terminal what others said, too, each other character as `?`. In a pipe that goes through as it
/// is: whoever reads it may know more than our locale.
class AsciiOutput {
 public:
  AsciiOutput();
  ~AsciiOutput();
  AsciiOutput(const AsciiOutput&) = delete;
  AsciiOutput& operator=(const AsciiOutput&) = delete;

 private:
  class Stream;
  std::unique_ptr<Stream> out_;
  std::unique_ptr<Stream> err_;
};

}  // namespace reconciler::cli
