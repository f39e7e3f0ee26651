// A manifest and what an environment puts over it, made one.
#pragma once

#include "reconciler/manifest/document.hpp"

namespace reconciler {

/// The short forms of a checked manifest or environment that merge with long ones, made long:
/// `source: URL`, `compose: FILES`, `verify: [checks]`.
Value long_form(Value document);

/// `over` put on `base`: maps merge, scalars and lists replace, null takes an inherited key away
/// (where none is inherited it stays, and means as much as no key).
Value merge(Value base, const Value& over);

}  // namespace reconciler
