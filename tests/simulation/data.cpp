#include "tests/simulation/data.hpp"

#include <unistd.h>

#include <algorithm>

#include "reconciler/base/backups.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::simulation {
namespace {

constexpr int kept_backups = 3;
const std::string half_row = "half";

std::vector<std::string> rows_in(const Descriptor& file) {
  std::string text(1 << 16, '\0');
  const auto n = ::read(file.get(), text.data(), text.size());
  text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return split(trim(text), ' ');
}

Work of_data(Phase phase, const std::string& verb, ResourceId target, const std::string& tag) {
  Work work;
  work.phase = phase;
  work.verb = verb;
  work.calls = {verb + " data"};
  work.targets = {std::move(target)};
  work.input = JsonObject{{"name", "data"}, {"tag", tag}};
  return work;
}

}  // namespace

void Data::release(const std::string& tag) {
  if (half) wrong = "released on half of a backup: " + tag;
  if (has(tag)) wrong = "released twice on the same data: " + tag;
  rows.push_back(tag);
}

bool Data::has(const std::string& tag) const {
  return std::ranges::find(rows, tag) != rows.end();
}

void Data::put_right(const std::string& folder, const std::string& file) {
  if (const auto there = BackupFolder(folder).open(file)) rows = rows_in(*there);
  half = false;
}

std::vector<Step> data_steps(const std::string& tag) {
  Step backup;
  backup.name = "backup";
  backup.shown = "data";
  backup.once = Once::never;
  backup.work = of_data(Phase::backup, "backup", {"sim", "task", "backup"}, tag);
  Work gone = of_data(Phase::prune, "prune", {"sim", "backups", "backups"}, "");
  gone.input.as_object()["keep"] = kept_backups;
  backup.then.push_back(std::move(gone));
  Step restore;
  restore.name = "restore";
  restore.shown = "data";
  restore.once = Once::asked;
  restore.work = of_data(Phase::release, "restore", {"sim", "task", "restore"}, tag);
  return {backup, restore};
}

Result<Outcome> back_up(Data& data, const Json& input, WallTime at) {
  auto file = BackupFolder(text_at(input, "folder")).begin(at, text_at(input, "of"));
  if (!file) return failed(file);
  if (auto added = file->add(join(data.rows, " ") + "\n"); !added) return failed(added);
  auto backup = file->finish();
  if (!backup) return failed(backup);
  data.made[backup->name] = data.era;
  return Outcome{Fate::succeeded, JsonObject{{"file", backup->name}}};
}

Result<Outcome> bring_back(Data& data, const Json& input, Progress& progress,
                           const std::function<bool()>& lives) {
  auto file = BackupFolder(text_at(input, "folder")).open(text_at(input, "file"));
  if (!file) return failed(file);
  auto rows = rows_in(*file);
  if (auto begun = progress.begun(); !begun) return failed(begun);
  data.touch();
  data.half = true;
  data.rows = {half_row};
  if (!lives()) return failure(error("sim.gone", "it was cut off in the midst of it"));
  if (data.cannot_bring_back)
    return Outcome{Fate::failed, JsonObject{{"exit_code", 1}, {"detail", "no"}}};
  if (!rows.empty() && rows.front() == half_row)
    data.wrong = "half of a backup was brought back as if it were whole";
  data.half = false;
  data.rows = std::move(rows);
  return Outcome{Fate::succeeded, JsonObject{}};
}

Result<Outcome> prune_backups(Data& data, const Json& input) {
  const auto uncounted = texts_at(input, "uncounted");
  const auto needless = texts_at(input, "needless");
  for (const auto& one : needless) {
    const auto stays = [&](const auto& other) {
      return other.first < one && other.second == data.made[one] &&
             std::ranges::find(needless, other.first) == needless.end();
    };
    if (std::ranges::none_of(data.made, stays)) data.wrong = one + " is the only one of then";
  }
  auto removed =
      BackupFolder(text_at(input, "folder"))
          .keep(static_cast<int>(number_at(input, "keep")), {uncounted.begin(), uncounted.end()},
                {needless.begin(), needless.end()});
  if (!removed) return failed(removed);
  for (const auto& one : *removed)
    if (std::ranges::find(needless, one.name) != needless.end()) ++data.needless;
  return Outcome{Fate::succeeded, JsonObject{}};
}

}  // namespace reconciler::simulation
