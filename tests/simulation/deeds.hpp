// What people and the repository do: to the host, or by asking the program.
#pragma once

#include "tests/simulation/event.hpp"
#include "tests/simulation/past.hpp"
#include "tests/simulation/story.hpp"

namespace reconciler::simulation {

/// Does it, where it is one of theirs, and writes down what it may be to blame for; false where it
/// is not.
bool done_by_people(const Event& event, Story& story, Past& past);

/// A person looked into the database, and says what became of the release of what is asked for.
void settle(Story& story);

}  // namespace reconciler::simulation
