// A manifest and what an environment puts over it, made one.
#pragma once

#include "reconciler/manifest/document.hpp"

namespace reconciler {

/// The short forms of a checked manifest or environment that merge with long ones, made long:
/// `source: URL`, `compose: FILES`, `verify: [checks]`.
Node long_form(Node document);

/// `over` put on `base`: maps merge, scalars and lists replace, null takes an inherited key away
/// (where none is inherited it stays, and means as much as no key).
Node merge(Node base, const Node& over);

}  // namespace reconciler
