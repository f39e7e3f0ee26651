// The words of the seam's enumerations on the wire, both ways.
#pragma once

#include <array>
#include <string_view>

#include "reconciler/driver/fields.hpp"
#include "reconciler/model/desired.hpp"
#include "reconciler/model/memory.hpp"
#include "reconciler/model/resource.hpp"

namespace reconciler::wire {

template <class E, size_t N>
bool parse_word(std::string_view text, E& into, const std::array<E, N>& all) {
  for (const E one : all) {
    if (Words<E>::text(one) != text) continue;
    into = one;
    return true;
  }
  return false;
}

template <>
struct Words<Phase> {
  static std::string_view text(Phase phase) { return to_text(phase); }
  static bool parse(std::string_view text, Phase& into) {
    using enum Phase;
    return parse_word(text, into,
                      std::array{supply, preflight, start, backup, release, change, after, verify,
                                 record, prune});
  }
};

template <>
struct Words<Effect> {
  static std::string_view text(Effect effect) {
    return effect == Effect::once ? "once" : "converge";
  }
  static bool parse(std::string_view text, Effect& into) {
    return parse_word(text, into, std::array{Effect::converge, Effect::once});
  }
};

template <>
struct Words<Health> {
  static std::string_view text(Health health) { return to_text(health); }
  static bool parse(std::string_view text, Health& into) {
    using enum Health;
    return parse_word(text, into, std::array{none, starting, well, unwell, unknown});
  }
};

template <>
struct Words<Fate> {
  static std::string_view text(Fate fate) { return to_text(fate); }
  static bool parse(std::string_view text, Fate& into) {
    using enum Fate;
    return parse_word(text, into, std::array{succeeded, failed, running, not_started, unknown});
  }
};

template <>
struct Words<Aim> {
  static std::string_view text(Aim aim) {
    return aim == Aim::run ? "run" : aim == Aim::match ? "match" : "remove";
  }
  static bool parse(std::string_view text, Aim& into) {
    return parse_word(text, into, std::array{Aim::run, Aim::match, Aim::remove});
  }
};

template <>
struct Words<Once> {
  static std::string_view text(Once once) {
    return once == Once::tag      ? "tag"
           : once == Once::change ? "switch"
           : once == Once::asked  ? "asked"
                                  : "never";
  }
  static bool parse(std::string_view text, Once& into) {
    return parse_word(text, into, std::array{Once::tag, Once::change, Once::never, Once::asked});
  }
};

}  // namespace reconciler::wire
