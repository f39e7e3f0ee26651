#include "reconciler/service/configs.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reconciler {
namespace {

using namespace std::chrono_literals;
constexpr Duration fetch_within{60s};
constexpr Duration no_thread_again{1s};

}  // namespace

Configs::Configs(const Parts& parts, Log& log, Wake& wake)
    : parts_(parts),
      log_(log),
      lanes_([] { return std::make_unique<Drivers>(); },
             {.kept = 0, .most = std::max<size_t>(1, parts.host.repositories.size())},
             [&wake] { wake(); }) {
  for (const auto& repository : parts_.host.repositories) due_[repository.name] = Instant{};
}

void Configs::ask(const std::stop_token& stop) {
  for (const auto& repository : parts_.host.repositories) {
    const auto due = due_.find(repository.name);
    if (due == due_.end() || due->second > parts_.clock.now()) continue;
    const auto begun = lanes_.begin([this, &repository, stop](const Drivers&) {
      Answer answer = fetch(repository, stop);
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
    });
    if (begun)
      due_.erase(due);
    else
      due->second = parts_.clock.now() + no_thread_again;
  }
}

Configs::Answer Configs::fetch(const Repository& repository, const std::stop_token& stop) const {
  Mirror mirror(parts_.state, repository, MirrorOf::config, parts_.helper, parts_.clock);
  Answer answer;
  answer.repository = &repository;
  auto snapshot = mirror.fetch(fetch_within, stop);
  if (!snapshot) {
    answer.why_not = std::move(snapshot.error());
    snapshot = mirror.last();
  }
  if (!snapshot) return answer;
  answer.manifests = read_manifests(snapshot->folder, root_name_of(repository));
  snapshot->held.reset();
  answer.snapshot = std::move(*snapshot);
  return answer;
}

void Configs::hurry() {
  for (auto& [name, due] : due_) due = std::min(due, parts_.clock.now());
}

bool Configs::take_up() {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (auto& answer : answers) read(std::move(answer));
  return !answers.empty();
}

void Configs::read(Answer answer) {
  const std::string& name = answer.repository->name;
  due_[name] = parts_.clock.now() + answer.repository->poll;
  if (answer.why_not)
    log_.warn(fmt::format("{}: {}: {}; works on from the last fetch", name, answer.why_not->code,
                          answer.why_not->message));
  if (!answer.manifests) return;
  if (!*answer.manifests) {
    log_.warn(fmt::format("{}: {}", name, answer.manifests->error().message));
    return;
  }
  Config& config = configs_[name];
  Manifests& manifests = **answer.manifests;
  if (config.snapshot.commit != answer.snapshot->commit)
    for (const auto& mistake : manifests.mistakes())
      log_.warn(fmt::format("{}:{}: {}: {}", mistake.place.file, mistake.place.line, mistake.code,
                            mistake.message));
  config = {std::move(*answer.snapshot), std::move(manifests)};
}

Instant Configs::due() const {
  Instant next = Instant::max();
  for (const auto& [name, due] : due_) next = std::min(next, due);
  return next;
}

std::vector<Manifests> Configs::manifests() const {
  std::vector<Manifests> all;
  for (const auto& [name, config] : configs_) all.push_back(config.manifests);
  return all;
}

std::map<EnvironmentId, const Snapshot*> Configs::snapshots() const {
  std::map<EnvironmentId, const Snapshot*> from;
  for (const auto& [name, config] : configs_)
    for (const auto& spec : config.manifests.environments) from[spec.id] = &config.snapshot;
  return from;
}

}  // namespace reconciler
