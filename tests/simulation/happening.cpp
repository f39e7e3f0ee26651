#include "tests/simulation/happening.hpp"

#include <fmt/format.h>

#include "reconciler/base/backups.hpp"
#include "reconciler/data_kept.hpp"
#include "tests/simulation/containers/scene.hpp"
#include "tests/simulation/versions_scene.hpp"

namespace reconciler::simulation {
namespace {

using What = Event::What;

/// So many crossings a pass has at most, and so many calls of drivers: who dies or does something
/// later than that does not in this pass.
constexpr size_t most_crossings = 120;
constexpr size_t most_calls = 40;

std::unique_ptr<Scene> scene_of(const Chronicle& chronicle) {
  if (chronicle.of == Of::containers) return std::make_unique<ContainersScene>();
  return std::make_unique<VersionsScene>(chronicle.of == Of::data);
}

bool is_of_data(What what) {
  return what >= What::back_up && what <= What::release_refused;
}

}  // namespace

Happening::Happening(const Chronicle& chronicle, Told& told)
    : told_(told),
      disk_(life_),
      seam_(life_),
      another_seam_(another_life_),
      scene_(scene_of(chronicle)),
      story_(chronicle.keep, disk_.name(), scene_->equip(seam_)),
      invariants_(story_, *scene_, disk_) {
  scene_->enter(story_);
  story_.host.lives = [this] { return life_.cross(); };
  story_.tell(listener_);
  story_.tidy();
  seam_.at_call = [this] { at_call(); };
}

std::optional<std::string> Happening::happen(const Event& event) {
  ++told_.happened[to_text(event.what)];
  if (event.within) {
    waiting_.push_back(event);
    return std::nullopt;
  }
  if (is_of_data(event.what)) return done_with_data(event);
  if (event.what >= What::pass && event.what <= What::power_lost_in_pass) return pass(event);
  if (event.what == What::another) return pass_of_another();
  if (!asked(event) && !scene_->done_by_people(event, past_)) on_machine(event);
  return looked_at();
}

/// One whose ledger refuses everything ends, as commands do.
std::optional<std::string> Happening::looked_at() {
  const auto refused = [&]() -> std::optional<std::string> {
    auto& ledger = story_.ledger();
    const auto& id = story_.id;
    if (auto memory = ledger.memory(id); !memory) return render(memory.error());
    if (auto serial = ledger.serial(id); !serial) return render(serial.error());
    if (auto last = ledger.last_run(id); !last) return render(last.error());
    return std::nullopt;
  };
  if (refused()) {
    if (auto wrong = begin_again()) return wrong;
    if (auto still = refused()) return "the ledger cannot be read: " + *still;
  }
  // Of what the ledger has lost a task's container alone knows.
  if (past_.lost_ledger && past_.pruned_tasks) scene_->forget_releases();
  return invariants_.holds();
}

void Happening::at_call() {
  if (!passing_) return;
  const size_t now = calls_++;
  // Another process tries again and again.
  if (tries_from_ && now >= *tries_from_ && (now - *tries_from_) % 4 == 0) try_as_another();
  const auto due = [&](const Event& event) { return event.number / 7 % most_calls == now; };
  for (const auto& event : std::vector<Event>(waiting_))
    if (due(event)) meanwhile(event);
  std::erase_if(waiting_, due);
}

void Happening::disturb() {
  past_.disturbed.insert(story_.spec().tag);
  const auto memory = story_.memory();
  if (memory.current) past_.disturbed.insert(memory.current->tag);
  if (memory.target) past_.disturbed.insert(memory.target->tag);
}

void Happening::meanwhile(const Event& event) {
  disturb();
  if (event.what == What::terminated) {
    stop_.request_stop();
  } else if (event.what == What::superseded) {
    // The service does both: the next pass asks for something else, and this one hears of it.
    newer_.request_stop();
  } else if (event.what == What::another) {
    tries_from_ = calls_;
  } else if (!scene_->done_by_people(event, past_)) {
    on_machine(event);
  }
}

void Happening::on_machine(const Event& event) {
  std::mt19937_64 random(event.number);
  disturb();
  switch (event.what) {
    case What::engine_away:
      seam_.away(1 + random() % 6, [random]() mutable { return random() % 2 == 0; });
      break;
    case What::disk_full:
      disk_.fill(1 + random() % 12);
      break;
    case What::sync_fails:
      disk_.fail_sync();
      break;
    case What::disk_lies:
      disk_.lie();
      break;
    case What::clock_jumps:
      story_.clock().shift(std::chrono::hours(random() % 2 == 0 ? 24 * 365 : -24));
      break;
    default:
      break;
  }
}

/// The lock is held for as long as a pass lasts, so the other one comes to nothing.
void Happening::try_as_another() {
  another_life_.begin();
  disk_.serve(another_life_);
  const size_t before = scene_->calls().size();
  Listener unheard;
  const auto done = story_.pass_of_another(scene_->equip(another_seam_), unheard);
  disk_.serve(life_);
  ++told_.kept_out;
  if (scene_->calls().size() != before)
    wrong_ = "another process did something in the midst of a pass: " + scene_->calls().back();
  else if (done)
    wrong_ = "another process met no lock in the midst of a pass";
  else if (done.error().code != "lock.held" && !done.error().code.starts_with("ledger."))
    wrong_ = "another process was kept out by: " + render(done.error());
}

std::optional<std::string> Happening::pass_of_another() {
  ++told_.passes;
  another_life_.begin();
  disk_.serve(another_life_);
  const size_t before = scene_->calls().size();
  Shown& shown = listener_.begin();
  (void)story_.pass_of_another(scene_->equip(another_seam_), listener_,
                               [&](const Plan& plan) { shown.plan = plan; });
  disk_.serve(life_);
  if (auto wrong = scene_->declared(shown, before)) return wrong;
  return looked_at();
}

std::optional<std::string> Happening::pass(const Event& event) {
  stop_ = {};
  newer_ = {};
  calls_ = 0;
  tries_from_.reset();
  passing_ = true;
  auto wrong = does(event, [&](const auto& agreed) {
    auto done = story_.pass({stop_.get_token(), newer_.get_token()}, agreed);
    passing_ = false;
    return done;
  });
  return wrong_ ? wrong_ : wrong;
}

std::optional<std::string> Happening::does(const Event& event, const Does& it) {
  ++told_.passes;
  std::mt19937_64 random(event.number);
  const bool dies = event.what == What::killed_in_pass || event.what == What::killed_in_restore;
  const bool with_power =
      event.what == What::power_lost_in_pass || event.what == What::power_lost_in_restore;
  if (dies || with_power) life_.dies_at(random() % most_crossings);
  Shown& shown = listener_.begin();
  const size_t before = scene_->calls().size();
  const auto done = it([&](const Plan& plan) { shown.plan = plan; });
  if (!done) listener_.hear(render(done.error()));
  if (wrong_) return wrong_;
  if (auto wrong = scene_->declared(shown, before)) return wrong;
  if (life_.dead()) {
    ++told_.deaths;
    auto lost = begin_again([&] {
      if (!with_power) return;
      ++told_.power_losses;
      scene_->power_is_lost(past_);
      if (disk_.lied()) lose_ledger();
      disk_.lose_power([&](std::uint64_t n) { return random() % n; });
    });
    if (lost) return lost;
  }
  life_.begin();
  return looked_at();
}

std::optional<std::string> Happening::whole_backup(std::uint64_t number) {
  const auto files = BackupFolder(story_.backups()).list();
  const auto memory = story_.ledger().memory(story_.id);
  if (!files || !memory) return std::nullopt;
  std::vector<std::string> whole;
  for (const auto& one : *files)
    if (!memory->half_backups.contains(one.name)) whole.push_back(one.name);
  if (whole.empty()) return std::nullopt;
  return whole[number / 7 % whole.size()];
}

void Happening::put_data_right() {
  if (!half_restored(story_.ledger(), story_.id)) return;
  // As the file was that the ledger speaks of.
  const auto run = story_.ledger().last_restoring_run(story_.id);
  for (const auto& attempt : (*run)->attempts)
    if (attempt.verb == "restore") story_.host.data.put_right(story_.backups(), attempt.title);
  (void)story_.ledger().settle_restore(story_.id, "anna");
}

std::optional<std::string> Happening::done_with_data(const Event& event) {
  auto& data = story_.host.data;
  if (event.what == What::put_right) {
    put_data_right();
    return looked_at();
  }
  if (event.what == What::release_refused) {
    story_.host.refused = 1 + event.number / 7 % 4;
    return looked_at();
  }
  Errand errand;
  errand.backup = event.what == What::back_up;
  if (!errand.backup) {
    const auto file = whole_backup(event.number);
    if (!file) return std::nullopt;
    errand.restore = *file;
    data.cannot_bring_back = event.what == What::bring_back && event.number % 3 == 0;
  }
  auto wrong = does(event, [&](const auto& agreed) { return story_.errand(errand, agreed); });
  const auto begun = story_.ledger().last_restoring_run(story_.id);
  past_.brought_back = past_.brought_back || !begun || *begun;
  return wrong;
}

std::optional<std::string> Happening::begin_again(const std::function<void()>& between) {
  const std::string lineage = story_.ledger().lineage();
  const auto restarted = story_.restart([&] {
    life_.begin();
    disk_.mend();
    between();
  });
  if (!restarted && !past_.lost_ledger)
    return "the ledger is not whole: " + render(restarted.error());
  // What a lie has broken may be found long after, and then another ledger is begun.
  if (past_.lost_ledger && story_.ledger().lineage() != lineage) invariants_.forget_serial();
  return std::nullopt;
}

/// Whatever it comes back with, it may be less than it was told to be durable.
void Happening::lose_ledger() {
  past_.lost_ledger = true;
  invariants_.forget_serial();
  scene_->ledger_is_lost(past_);
}

/// Each pass says why it can do nothing.
bool Happening::refuses() {
  const Condition now = story_.condition();
  scene_->blame(past_);
  return past_.two_of_one ||
         (now.word == "Stalled" &&
          (now.reason == "RollbackFailed" || (past_.lost_ledger && now.reason == "CannotLook")));
}

/// Until a pass has nothing more to do.
std::optional<std::string> Happening::settles(size_t passes) {
  std::string last;
  for (size_t i = 0; i < passes; ++i) {
    const auto done = story_.pass();
    ++told_.passes;
    last = done ? "it was done" : render(done.error());
    // As `run` ends then, and is started again.
    if (story_.ledger().finished()) {
      if (auto wrong = begin_again()) return wrong;
      continue;
    }
    if (auto wrong = invariants_.holds()) return wrong;
    if (done && !done->changed) return std::nullopt;
    if (!done && done.error().code == "plan.stale")
      return "nobody else is about, and it says that somebody is: " + last;
    // It refuses each time, and says so.
    if (!done && refuses()) return std::nullopt;
  }
  const Condition now = story_.condition();
  return fmt::format("it does not come to rest: {}/{}: {}; of the last pass: {}", now.word,
                     now.reason, now.why, last);
}

std::optional<std::string> Happening::rest() {
  waiting_.clear();
  seam_.away(0, {});
  told_.writes_lost += disk_.lost();
  told_.calls_lost += seam_.lost();
  scene_->calm();
  if (auto wrong = begin_again()) return wrong;
  story_.resume();
  if (auto wrong = settles(8)) return wrong;
  return rested();
}

std::optional<std::string> Happening::rested() {
  const size_t calls = scene_->calls().size();
  const auto again = story_.pass();
  if (!((!again && refuses()) || (again && !again->changed)) || scene_->calls().size() != calls)
    return "what had come to rest was touched again";
  const Condition now = story_.condition();
  ++told_.ends[now.word + "/" + now.reason];
  scene_->blame(past_);
  if (auto wrong = may_not_end(now, story_.memory(), story_.spec().tag, past_)) return wrong;
  if (now.word == "Ready" || now.word == "RolledBack")
    return scene_->differs(story_.seen().plan.to, true);
  return scene_->stays_at_a_good_one(now, past_);
}

std::optional<std::string> Happening::go_on() {
  put_data_right();
  if (past_.lost_ledger)
    if (auto wrong = answer_for_ledger()) return wrong;
  story_.commit("v9");
  if (auto wrong = settles(4)) return wrong;
  // While something else stood in the way nobody came to look for that, or to the broken page.
  const Condition then = story_.condition();
  if (past_.lost_ledger && (then.why.starts_with("ledger.behind") ||
                            then.why.starts_with("state.lineage") || then.reason == "LedgerLost")) {
    if (auto wrong = answer_for_ledger()) return wrong;
    if (auto wrong = settles(4)) return wrong;
  }
  for (int others = 0; past_.two_of_one && others < 3; ++others) {
    scene_->done_as_told(story_.condition());
    if (auto wrong = settles(4)) return wrong;
    scene_->blame(past_);
  }
  // Of what was taken over nobody knows what was released.
  if (past_.lost_ledger && story_.condition().reason == "ReleaseOutcomeUnknown") {
    settle();
    if (auto wrong = settles(4)) return wrong;
  }
  const Condition now = story_.condition();
  if (now.word != "Ready")
    return fmt::format("the next good version ends {}/{}: {}", now.word, now.reason, now.why);
  told_.needless += story_.host.data.needless;
  if (auto wrong = scene_->differs("v9", true)) return wrong;
  if (!scene_->was_released("v9").value_or(false)) return "v9 was not released";
  if (!listener_.leaked().empty()) return "a secret was told: " + listener_.leaked();
  return story_.leaks();
}

}  // namespace reconciler::simulation
