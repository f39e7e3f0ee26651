// `restore`: which backups there are; one of them brought back.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/backups.hpp"
#include "reconciler/base/size.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/ago.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/errand.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/compile.hpp"

namespace reconciler::cli {
namespace {

/// Those of the environment, newest first.
struct Backups {
  EnvironmentId id;
  std::string folder;
  std::vector<Backup> all;
  std::vector<PassedOver> passed_over;
  std::set<std::string> half;  ///< by file: Memory::half_backups
};

Result<Backups> backups_there(Context& context, const std::string& name,
                              const std::stop_token& stop) {
  auto selection = select(context, {name}, Reading::last, stop);
  if (!selection) return failed(selection);
  auto parts = context.parts();
  if (!parts) return failed(parts);
  const EnvironmentId& id = selection->asked.at(0).spec.id;
  const BackupFolder folder(reconciler::backups_of(parts->host, parts->state, id));
  auto all = folder.list();
  if (!all) return failed(all);
  auto passed_over = folder.passed_over();
  if (!passed_over) return failed(passed_over);
  auto memory = parts->ledger.memory(id);
  if (!memory) return failed(memory);
  return Backups{id, folder.path(), std::move(*all), std::move(*passed_over),
                 std::move(memory->half_backups)};
}

std::string size_of(const Backup& backup) {
  return size_for_people(static_cast<std::int64_t>(backup.size));
}

int list_backups(Context& context, const std::string& name, const std::stop_token& stop) {
  auto backups = backups_there(context, name, stop);
  if (!backups) return report(context, backups.error());
  const WallTime now = context.clock().wall();
  if (context.options().json) {
    JsonArray all;
    for (const auto& one : backups->all)
      all.push_back(JsonObject{{"file", one.name},
                               {"at", to_text(one.at)},
                               {"tag", one.tag},
                               {"bytes", one.size},
                               {"half", backups->half.contains(one.name)}});
    JsonArray passed_over;
    for (const auto& one : backups->passed_over)
      passed_over.push_back(JsonObject{{"file", one.name}, {"why", one.why}});
    std::cout << boost::json::serialize(JsonObject{{"format_version", "1.0"},
                                                   {"environment", backups->id.text()},
                                                   {"folder", backups->folder},
                                                   {"backups", std::move(all)},
                                                   {"passed_over", std::move(passed_over)}})
              << "\n";
    return well;
  }
  const std::string id = backups->id.text();
  std::string left_out;
  for (const auto& one : backups->passed_over)
    left_out += fmt::format("not counted: {} {}{}\n", one.name, one.why,
                            one.mend.empty() ? "" : "; if it is whole: " + one.mend);
  if (backups->all.empty()) {
    std::cout << fmt::format("{} has no backups in {}.\n{}next  reconciler backup {}\n", id,
                             backups->folder, left_out, id);
    return well;
  }
  std::vector<std::vector<std::string>> rows{{"FILE", "AGE", "SIZE", "DATA OF"}};
  for (const auto& one : backups->all)
    // One that was made within the same second is named a second later.
    rows.push_back({one.name, ago(one.at, now), size_of(one),
                    (one.tag.empty() ? "-" : one.tag) +
                        (backups->half.contains(one.name) ? ", half restored" : "")});
  // Which one only who knows what happened can tell: the newest may be of what is to be undone.
  std::cout << fmt::format("{}  in {}\n\n{}\n{}next  reconciler restore {} FILE\n", id,
                           backups->folder, table(rows, 0, context.page()), left_out, id);
  return well;
}

/// The one that is called so, by its name or by a beginning that no other has.
Result<std::string> called(const Backups& backups, const std::string& file) {
  std::vector<std::string> found;
  for (const auto& one : backups.all) {
    if (one.name == file) return file;
    if (one.name.starts_with(file)) found.push_back(one.name);
  }
  if (found.size() == 1) return found[0];
  if (found.empty())
    for (const auto& one : backups.passed_over)
      if (one.name == file)
        return failure(
            error("backup.unknown", fmt::format("{}/{} {}", backups.folder, file, one.why))
                .next(one.mend.empty() ? "take another one" : "if it is whole: " + one.mend));
  Error e =
      error("backup.unknown",
            found.empty() ? fmt::format("there is no backup {} of {}, in {}", printable(file, 100),
                                        backups.id.text(), backups.folder)
                          : fmt::format("{} backups of {} begin with {}", found.size(),
                                        backups.id.text(), printable(file, 100)));
  constexpr size_t most_named = 5;
  for (size_t i = 0; i < std::min(found.size(), most_named); ++i)
    e.facts.push_back({i == 0 ? "newest" : "or", found[i]});
  return failure(
      std::move(e).next(fmt::format("reconciler restore {}, which lists them", backups.id.text())));
}

struct RestoreOptions {
  ErrandOptions errand;
  std::string file;
};

int restore(Context& context, const RestoreOptions& options, std::stop_token stop) {
  if (options.file.empty()) return list_backups(context, options.errand.environment, stop);
  auto backups = backups_there(context, options.errand.environment, stop);
  if (!backups) return report(context, backups.error());
  auto name = called(*backups, options.file);
  if (!name) return report(context, name.error());
  ErrandOptions errand = options.errand;
  errand.errand.restore = std::move(*name);
  return run_errand(context, "restore", errand, std::move(stop));
}

}  // namespace

void add_restore(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<RestoreOptions>();
  auto* verb = app.add_subcommand(
      "restore",
      "Say which backups there are; with FILE bring that one back: says what is lost, asks, and "
      "makes a backup of now first.");
  add_environment(*verb, options->errand.environment);
  verb->add_option("file", options->file, "A backup, by its name or the beginning of it")
      ->type_name("FILE");
  verb->add_flag("--without-backup", options->errand.errand.without_backup,
                 "Make none of now first, where none can be made: what is there now is lost");
  add_yes(*verb, options->errand.yes);
  verb->footer(
      "Examples:\n  reconciler restore epsm/production\n"
      "  reconciler restore epsm/production 20261128T2317");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return restore(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
