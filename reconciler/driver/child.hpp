// A program that lives on between calls: lines go to its standard input, lines come from its
// standard output, and what it says on standard error is kept for messages.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/driver/rpc.hpp"

namespace reconciler {

class Child {
 public:
  /// Starts `argv` (argv[0] an absolute path) with no environment but PATH. `driver.untrusted`
  /// when others may write the program or it belongs to neither root nor us;
  /// `driver.failed_to_start`. It is told to end by the end of its input.
  static Result<Child> start(const std::vector<std::string>& argv);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  /// Closes its input, gives it a moment, then kills its group.
  ~Child();

  /// Queues bytes for its standard input; they go as exchange() finds room.
  void send(std::string_view bytes) { to_write_ += bytes; }
  /// Waits up to `most` for anything to be written or read. `driver.died` when its output ended,
  /// `driver.output_limit` for a line without end.
  Status exchange(std::chrono::milliseconds most);
  std::optional<std::string> next_line() { return lines_.next(); }
  void kill();

 private:
  Child(pid_t pid, std::string name, Descriptor in, Descriptor out, Descriptor err);
  void write_some();
  Error died();

  pid_t pid_ = -1;
  std::string name_;
  Descriptor in_;
  Descriptor out_;
  Descriptor err_;
  std::string to_write_;
  rpc::Lines lines_;
  std::string said_;  // the end of its standard error
};

}  // namespace reconciler
