// The seam's types as JSON and back: what a driver in another process is sent and answers, and what
// the ledger keeps of an intended work. Reading checks types and words; `driver.protocol` names the
// field that is wrong. What is written can be read again and is equal.
#pragma once

#include <string_view>

#include "reconciler/base/json.hpp"
#include "reconciler/base/result.hpp"
#include "reconciler/driver/driver.hpp"

namespace reconciler::wire {

Json write(const ResourceId& value);
Json write(const Difference& value);
Json write(const Work& value);
Json write(const Resource& value);
Json write(const Observation& value);
Json write(const Step& value);
Json write(const Prepared& value);
Json write(const Recorded& value);
Json write(const EnvironmentId& value);
Json write(const Request& value);
Json write(const Release& value);
Json write(const Target& value);
/// `{snapshots: [{id, at_each_look, box}]}`, the box as base64.
Json write(const SealedRecords& value);
Json write(const Memory& value);
Json write(const Attempt& value);
Json write(const Outcome& value);
Json write(const Description& value);
Json write(const Finding& value);
/// With the values in clear: for a pipe to a child alone, never for a file, a log or an argument.
Json write(const Variables& value);

Status read(const Json& from, ResourceId& into);
Status read(const Json& from, Difference& into);
Status read(const Json& from, Work& into);
Status read(const Json& from, Resource& into);
Status read(const Json& from, Observation& into);
Status read(const Json& from, Step& into);
Status read(const Json& from, Prepared& into);
Status read(const Json& from, Recorded& into);
Status read(const Json& from, EnvironmentId& into);
Status read(const Json& from, Request& into);
Status read(const Json& from, Release& into);
Status read(const Json& from, Target& into);
Status read(const Json& from, SealedRecords& into);
Status read(const Json& from, Memory& into);
Status read(const Json& from, Attempt& into);
Status read(const Json& from, Outcome& into);
Status read(const Json& from, Description& into);
Status read(const Json& from, Finding& into);
Status read(const Json& from, Variables& into);

/// The words of to_text, read back.
Status read_phase(std::string_view from, Phase& into);
Status read_fate(std::string_view from, Fate& into);

/// A whole value: `auto work = wire::read_as<Work>(json);`
template <class T>
Result<T> read_as(const Json& from) {
  T value;
  if (auto done = read(from, value); !done) return failed(done);
  return value;
}

}  // namespace reconciler::wire
