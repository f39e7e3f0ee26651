// A part of a ledger's life that is recorded, and what must be true of it after a cut anywhere in
// it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/ledger/recorder.hpp"
#include "tests/unit/ledger/visits.hpp"

namespace reconciler::power {

/// A part of a ledger's life, from where the files are all durable.
class Life {
 public:
  explicit Life(const Folders& folders) : folders_(folders), recorder_(folders.life()) {}

  /// What is said to be done once it returns well.
  void promise(const std::function<void()>& what) { step(what, true); }
  /// What a cut may take back.
  void hope(const std::function<void()>& what) { step(what, false); }
  /// Before it is opened in this part there is a ledger already, and it is as after the first step.
  void had_it_before() { had_ = true; }

  /// Opens every image; what is wrong with one goes to `faults`.
  Counts visit(const Rules& rules, const Selection& selection, std::vector<std::string>& faults);

 private:
  void step(const std::function<void()>& what, bool promised);
  std::string look_at(const Image& image) const;
  std::string goes_on(Ledger& ledger, const std::string& state) const;

  const Folders& folders_;
  MovedClock clock_;
  Recorder recorder_;
  std::vector<std::string> states_;
  size_t promised_ = 0;
  bool had_ = false;
};

}  // namespace reconciler::power
