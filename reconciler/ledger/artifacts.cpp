// Who of the host counts on which artifact: references, the last of which lets it go.
#include "reconciler/ledger/parts.hpp"
#include "reconciler/model/shared.hpp"

namespace reconciler {
namespace {

/// Another environment that counts on it made from other inputs; nothing where what this one counts
/// on already is just that.
Result<std::optional<EnvironmentId>> who_differs(Database& database, const EnvironmentId& id,
                                                 const ResourceId& artifact,
                                                 const std::string& inputs) {
  auto query = database.query(
      "SELECT environment FROM artifacts WHERE name = ?1 AND kind = ?2 AND driver = ?3 AND "
      "environment != ?4 AND replaced = 0 AND inputs != '' AND inputs != ?5 AND NOT EXISTS "
      "(SELECT 1 FROM artifacts WHERE name = ?1 AND kind = ?2 AND driver = ?3 AND environment = ?4 "
      "AND inputs = ?5) "
      "ORDER BY environment LIMIT 1");
  if (!query) return failed(query);
  query->bind(artifact.name).bind(artifact.kind).bind(artifact.driver);
  auto row = query->bind(id.text()).bind(inputs).step();
  if (!row) return failed(row);
  if (!*row) return std::optional<EnvironmentId>();
  return std::optional(environment_of(query->text(0)));
}

Status write_claim(Database& database, const EnvironmentId& id, const std::string& tag,
                   const ResourceId& artifact, const std::string& inputs, std::int64_t now) {
  auto other = database.query(
      "DELETE FROM artifacts WHERE environment = ? AND driver = ? AND kind = ? AND name = ? AND "
      "inputs != ?");
  if (!other) return failed(other);
  other->bind(id.text()).bind(artifact.driver).bind(artifact.kind).bind(artifact.name);
  if (auto done = other->bind(inputs).run(); !done) return done;
  auto query = database.query(
      "INSERT OR REPLACE INTO artifacts (environment, tag, driver, kind, name, inputs, at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!query) return failed(query);
  query->bind(id.text()).bind(tag).bind(artifact.driver).bind(artifact.kind).bind(artifact.name);
  return query->bind(inputs).bind(now).run();
}

/// What the tag was made of before, under other names, is still there, and this one's to remove; it
/// stands in nobody's way any more.
Status replace_others(Database& database, const EnvironmentId& id, const std::string& tag) {
  auto query =
      database.query("UPDATE artifacts SET replaced = 1 WHERE environment = ? AND tag = ?");
  if (!query) return failed(query);
  return query->bind(id.text()).bind(tag).run();
}

}  // namespace

Status Ledger::claim(const EnvironmentId& id, const std::string& tag, const Artifacts& artifacts) {
  if (artifacts.empty()) return {};
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "claim");
  if (!transaction) return failed(transaction);
  if (auto known = parts_->know(id); !known) return known;
  for (const auto& [artifact, inputs] : artifacts) {
    if (inputs.empty()) continue;
    auto other = who_differs(parts_->database, id, artifact, inputs);
    if (!other) return failed(other);
    if (*other) return failure(image_shared(id, artifact, **other));
  }
  if (auto done = replace_others(parts_->database, id, tag); !done) return done;
  for (const auto& [artifact, inputs] : artifacts)
    if (auto done = write_claim(parts_->database, id, tag, artifact, inputs, parts_->wall()); !done)
      return done;
  return transaction->commit();
}

Status Ledger::release(const EnvironmentId& id,
                       const std::set<std::pair<std::string, ResourceId>>& artifacts) {
  if (artifacts.empty()) return {};
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "release");
  if (!transaction) return failed(transaction);
  for (const auto& [tag, artifact] : artifacts) {
    auto query = parts_->database.query(
        "DELETE FROM artifacts WHERE environment = ? AND tag = ? AND driver = ? AND kind = ? AND "
        "name = ?");
    if (!query) return failed(query);
    query->bind(id.text()).bind(tag).bind(artifact.driver).bind(artifact.kind).bind(artifact.name);
    if (auto done = query->run(); !done) return done;
  }
  return transaction->commit();
}

Status Ledger::forget(const EnvironmentId& id, const ResourceId& artifact) {
  const std::lock_guard lock(parts_->mutex);
  auto transaction = Transaction::begin(parts_->database, "forget");
  if (!transaction) return failed(transaction);
  auto query = parts_->database.query(
      "DELETE FROM artifacts WHERE environment = ? AND driver = ? AND kind = ? AND name = ?");
  if (!query) return failed(query);
  query->bind(id.text()).bind(artifact.driver).bind(artifact.kind).bind(artifact.name);
  if (auto done = query->run(); !done) return done;
  return transaction->commit();
}

Result<std::map<ResourceId, std::vector<Claim>>> Ledger::claims(
    const EnvironmentId& id, const std::set<ResourceId>& artifacts) const {
  const std::lock_guard lock(parts_->mutex);
  std::map<ResourceId, std::vector<Claim>> all;
  for (const auto& artifact : artifacts) {
    auto query = parts_->database.query(
        "SELECT DISTINCT environment, iif(replaced, '', inputs) FROM artifacts WHERE name = ? AND "
        "kind = ? AND "
        "driver = ? AND environment != ? ORDER BY environment");
    if (!query) return failed(query);
    query->bind(artifact.name).bind(artifact.kind).bind(artifact.driver).bind(id.text());
    for (;;) {
      auto row = query->step();
      if (!row) return failed(row);
      if (!*row) break;
      all[artifact].push_back({environment_of(query->text(0)), query->text(1)});
    }
  }
  return all;
}

}  // namespace reconciler
