// Holds a document against the table of keys.
#pragma once

#include <vector>

#include "reconciler/base/error.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/schema.hpp"

namespace reconciler {

/// What a null means: nothing that can be meant, or that an inherited key is taken away.
enum class Nulls { refused, take_away };

/// Every mistake against the table, in the document's order: `manifest.unknown_key`, `.type`,
/// `.not_yet`, `.version`, `number.range`, `duration.invalid`. A key that is not done yet passes
/// where its value does nothing anyway (null, empty, the default).
std::vector<Error> check(const Value& document, const Shape& shape, Nulls nulls = Nulls::refused);

/// Mistakes in the order of files, lines and columns, one a place: what follows from a mistake is
/// no second one.
std::vector<Error> tidy(std::vector<Error> mistakes);

/// The number that a scalar of Shape::Scalar::integer holds once check() has passed it.
std::int64_t number_of(const Value& scalar);

}  // namespace reconciler
