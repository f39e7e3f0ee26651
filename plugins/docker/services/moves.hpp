// The replacement of one service's container as a list of moves, worked out from a look alone.
// The same list is declared in the plan and carried out: what is declared is what is done.
//
// The grammar of declared calls, `METHOD /COLLECTION/VERB NAME [NAME]`, names as they are at the
// time of the call:
//
//   POST /networks/create NETWORK            POST /volumes/create VOLUME
//   DELETE /networks NETWORK
//   POST /containers/create NAME             POST /networks/connect NETWORK NAME
//   PUT /containers/archive NAME
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
  enum class Kind {
    create,
    connect,
    copy,           ///< one of its files into it
    await,          ///< what it depends on
    await_members,  ///< of that, those that change with it
    pre_stop,       ///< one of its hooks
    stop,
    remove_network,
    create_network,
    rename,
    update,          ///< its restart policy away
    restart_policy,  ///< as wanted
    start,
    post_start,  ///< one of its hooks
    unpause,
    remove,
  };
  Kind kind;
  std::string name{};   ///< of the container at that time; of the network
  std::string other{};  ///< rename: the new name; connect: the network
  size_t index = 0;     ///< which hook, which file
  bool operator==(const Move&) const = default;
};

void append(std::vector<Move> more, std::vector<Move>& moves);

/// As they are declared; nothing for what calls nothing that changes.
std::vector<std::string> declared(const std::vector<Move>& moves);

/// Are all of these calls among the declared ones, in their order?
bool all_declared(const std::vector<std::string>& calls, const std::vector<std::string>& declared);

/// What becomes of a `.prev` that is there already when a container is replaced.
enum class Prev {
  drop,  ///< the current container is the last good one: the old `.prev` is left over
  keep,  ///< the current one never proved itself: `.prev` is the last good one and stays
};

/// The moves of one container, in stages: so that those of several that can only change together
/// can be taken stage by stage (group.hpp). Where `awaits`, what the container depends on is waited
/// for before anything is stopped.
struct Stages {
  std::vector<Move> make;  ///< the new one beside the old
  bool awaits = false;
  std::vector<Move> hooks;  ///< what the old one is to do before it is stopped
  std::vector<Move> stop;
  std::vector<Move> exchange;  ///< names
  std::vector<Move> start;
};

/// What brings the container to where it is wanted, from wherever it stands: nothing done before is
/// done again. Order (ENGINE 16): new beside the old, stop old, rename both, take the old one's
/// restart policy away, start new.
Stages stages_to_match(const Place& place, Prev prev, const std::vector<std::string>& networks);
/// What lets run what is there, as it is: under the name that it has, and without hooks. Nothing is
/// made for it, and no names change.
Stages stages_to_run(const Place& place);
/// What stops and starts the container that is there: it joins anew what another one lends.
Stages stages_to_restart(const Place& place);

/// What takes one away, stopped first where it runs or is paused.
std::vector<Move> moves_to_remove(const Seen& seen);
/// A container of that name will be there afterwards; `there`: one is now.
bool leaves(const std::string& name, bool there, const std::vector<Move>& moves);
/// It vanishes when it is stopped: there is no way back to it.
bool removes_itself(const Seen& seen);

}  // namespace reconciler::docker
