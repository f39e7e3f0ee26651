#include "tests/unit/ledger/life.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>

namespace reconciler::power {
namespace {

/// All rows of all tables, and the version.
std::string dump(const std::string& file) {
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
    throw std::runtime_error("cannot open " + file);
  std::string out;
  const auto read = [&](const std::string& sql) {
    const int done = sqlite3_exec(
        db, sql.c_str(),
        [](void* into, int n, char** values, char**) {
          for (int i = 0; i < n; ++i)
            *static_cast<std::string*>(into) += std::string(values[i] ? values[i] : "NULL") + '|';
          *static_cast<std::string*>(into) += '\n';
          return 0;
        },
        &out, nullptr);
    if (done != SQLITE_OK) out += std::string("cannot be read: ") + sqlite3_errmsg(db);
  };
  read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  std::string tables;
  std::swap(tables, out);
  read("PRAGMA user_version");
  read("PRAGMA integrity_check");
  for (size_t at = 0, end = 0; (end = tables.find("|\n", at)) != std::string::npos; at = end + 2) {
    const std::string table = tables.substr(at, end - at);
    out += table + ":\n";
    read("SELECT * FROM " + table);
  }
  sqlite3_close(db);
  return out;
}

}  // namespace

Counts Life::visit(const Rules& rules, const Selection& selection,
                   std::vector<std::string>& faults) {
  return visit_images(recorder_, rules, selection, [&](const Image& image) {
    const std::string fault = look_at(image);
    if (!fault.empty()) faults.push_back(image.how + ": " + fault);
  });
}

void Life::step(const std::function<void()>& what, bool promised) {
  recorder_.mark(promised_, states_.size() + 1);
  what();
  states_.push_back(dump(folders_.life() + "/state/ledger.db"));
  if (promised) promised_ = states_.size();
  recorder_.mark(promised_, states_.size());
}

std::string Life::look_at(const Image& image) const {
  put(image, folders_.image());
  const std::string state = folders_.image() + "/state";
  auto ledger = Ledger::open(state, clock_);
  if (!ledger) return "does not open: " + render(ledger.error());
  if ((*ledger)->loss()) return "says that it was lost: " + render(*(*ledger)->loss());
  const std::string there = dump(state + "/ledger.db");
  bool known = image.promised == 0 && !had_;
  const size_t from = std::max<size_t>(image.promised, 1);
  for (size_t i = from; i <= std::min(image.in_progress, states_.size()); ++i)
    known = known || there == states_[i - 1];
  if (image.promised == 0 && had_) known = there == states_.front();
  if (!known) return "is not what was promised:\n" + there;
  return goes_on(**ledger, state);
}

std::string Life::goes_on(Ledger& ledger, const std::string& state) const {
  auto memory = ledger.memory(production);
  if (!memory) return "cannot be read: " + render(memory.error());
  auto run = ledger.begin_run(start_of("", "v9"));
  if (!run) return "takes no run: " + render(run.error());
  if (auto done = ledger.record(*run, release_of("v9"), {}); !done)
    return "takes no record: " + render(done.error());
  auto after = ledger.memory(production);
  if (!after || after->current->tag != "v9") return "does not know what was recorded";
  if (dump(state + "/ledger.db").find("\nok|\n") == std::string::npos) return "is not whole";
  return "";
}

}  // namespace reconciler::power
