// The replacement of one service's container as a list of moves, worked out from a look alone.
// The same list is declared in the plan and carried out: what is declared is what is done.
//
// The grammar of declared calls, `METHOD /COLLECTION/VERB NAME [NAME]`, names as they are at the
// time of the call:
//
//   POST /networks/create NETWORK            POST /volumes/create VOLUME
//   POST /containers/create NAME             POST /networks/connect NETWORK NAME
//   POST /containers/stop NAME               POST /containers/rename NAME NEW-NAME
//   POST /containers/update NAME             POST /containers/start NAME
//   POST /containers/unpause NAME            DELETE /containers NAME
//   POST /images/tag IMAGE-ID REFERENCE      POST /images/create REFERENCE
//   POST /build REFERENCE                    POST /containers/exec NAME, POST /exec/start NAME
//
// A one-off's name ends in `*` where the attempt's id will stand.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/services/place.hpp"

namespace reconciler::docker {

struct Move {
  enum class Kind { create, connect, await, stop, rename, update, start, unpause, remove };
  Kind kind;
  std::string name;   ///< of the container at that time
  std::string other;  ///< rename: the new name; connect: the network
};

/// As it is declared; empty for what calls nothing that changes.
std::string text_of(const Move& move);
std::vector<std::string> declared(const std::vector<Move>& moves);

/// What becomes of a `.prev` that is there already when a container is replaced.
enum class Prev {
  drop,  ///< the current container is the last good one: the old `.prev` is left over
  keep,  ///< the current one never proved itself: `.prev` is the last good one and stays
};

/// What brings the service to where it is wanted, from wherever it stands: nothing done before is
/// done again. Order (ENGINE 16): new beside the old, stop old, rename both, take the old one's
/// restart policy away, start new.
std::vector<Move> moves_to_match(const Place& place, Prev prev,
                                 const std::vector<std::string>& networks);
/// What takes one away, stopped first where it runs.
std::vector<Move> moves_to_remove(const Seen& seen);
/// What lets run what is there, as it is.
std::vector<Move> moves_to_run(const Place& place);
/// A `.prev` will be there afterwards.
bool leaves_prev(const Place& place, const std::vector<Move>& moves);

}  // namespace reconciler::docker
