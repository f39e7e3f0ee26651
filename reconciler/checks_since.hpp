// Checks that came after a version was recorded: nobody ever asked that of it.
#pragma once

#include "reconciler/ledger/ledger.hpp"
#include "reconciler/model/desired.hpp"

namespace reconciler {

/// They say what they find and keep nobody from that version: each warns, and is named in
/// `Desired::checks_since`. How long one may take is no part of what it asks. Nothing is changed
/// where what the version was recorded with was not kept.
void soften_checks_since(const Ledger& ledger, Ledger::Slot slot, Desired& desired);

}  // namespace reconciler
