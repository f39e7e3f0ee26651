#include "tests/unit/ledger/images.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unordered_set>

namespace reconciler::power {
namespace {

using Kind = Op::Kind;

constexpr size_t sector = 512;

bool is_sync(const Op& op) {
  return op.kind == Kind::sync || op.kind == Kind::sync_folder || op.kind == Kind::sync_all;
}

bool is_change(const Op& op) {
  return !is_sync(op) && op.kind != Kind::mark;
}

size_t size_of(const Op& op) {
  return op.kind == Kind::write ? op.bytes.size() : 1;
}

bool makes_durable(const Op& sync, const Op& op, const Rules& rules) {
  const bool of_content = op.kind == Kind::write || op.kind == Kind::cut;
  if (of_content) {
    if (!rules.sync_files) return false;
    return sync.kind == Kind::sync_all || (sync.kind == Kind::sync && sync.file == op.file);
  }
  if (!rules.sync_folders) return false;
  return sync.kind == Kind::sync_all ||
         (sync.kind == Kind::sync_folder && sync.name == folder_of(op.name));
}

/// How much is kept of each operation that is not durable.
using Choice = std::vector<size_t>;

class Numbers {
 public:
  explicit Numbers(size_t seed) : state_(seed * 2'862'933'555'777'941'757ULL + 3'037'000'493ULL) {}
  size_t below(size_t n) {
    state_ = state_ * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return static_cast<size_t>(state_ >> 33U) % n;
  }

 private:
  std::uint64_t state_;
};

std::vector<Choice> choices_of(const std::vector<const Op*>& open, size_t seed,
                               const Selection& selection) {
  const size_t n = open.size();
  Choice all(n);
  std::transform(open.begin(), open.end(), all.begin(), [](const Op* op) { return size_of(*op); });
  const Choice none(n, 0);
  std::vector<Choice> out{all, none};
  for (size_t i = 0; i < n; ++i) {
    if (i >= selection.first && i + selection.last < n) continue;
    Choice up_to = none;
    std::copy_n(all.begin(), i + 1, up_to.begin());
    Choice alone = none;
    alone[i] = all[i];
    Choice without = all;
    without[i] = 0;
    out.insert(out.end(), {up_to, alone, without});
  }
  for (size_t i = n; i-- > 0;) {
    if (open[i]->kind != Kind::write) continue;
    for (const size_t torn : {all[i] / 2, sector, all[i] > sector ? all[i] - sector : 1}) {
      if (torn >= all[i]) continue;
      Choice with = all;
      with[i] = torn;
      Choice alone = none;
      alone[i] = torn;
      out.insert(out.end(), {with, alone});
    }
    break;
  }
  Numbers numbers(seed);
  for (size_t times = 0; times < selection.drawn && n > 1; ++times) {
    Choice some = none;
    for (size_t i = 0; i < n; ++i) {
      const size_t fate = numbers.below(4);
      if (fate == 0) continue;
      some[i] = fate == 1 && open[i]->kind == Kind::write ? numbers.below(all[i] + 1) : all[i];
    }
    out.push_back(std::move(some));
  }
  return out;
}

size_t digest_of(const Image& image) {
  size_t sum = image.promised * 31 + image.in_progress;
  const auto add = [&](std::string_view text) {
    sum = sum * 1'099'511'628'211ULL ^ std::hash<std::string_view>{}(text);
  };
  for (const auto& folder : image.folders) add(folder);
  for (const auto& [name, content] : image.files) {
    add(name);
    add(content);
  }
  return sum;
}

bool is_place_to_cut(const std::vector<Op>& ops, size_t cut, size_t most_cuts) {
  if (ops.size() < most_cuts || cut % (ops.size() / most_cuts + 1) == 0) return true;
  const auto near = [&](size_t i) { return i < ops.size() && !is_change(ops[i]); };
  return near(cut) || (cut > 0 && near(cut - 1)) || near(cut + 1);
}

}  // namespace

Counts visit_images(const Recorder& life, const Rules& rules, const Selection& selection,
                    const std::function<void(const Image&)>& visit) {
  const auto& ops = life.ops();
  Counts counts;
  for (const auto& op : ops) {
    counts.syncs += is_sync(op) ? 1 : 0;
    counts.writes += is_change(op) ? 1 : 0;
  }
  std::unordered_set<size_t> seen;
  std::vector<const Op*> open;  // not durable, in order
  std::vector<bool> is_open(ops.size(), false);
  Image image;
  for (size_t cut = 0; cut <= ops.size(); ++cut) {
    if (cut > 0) {
      const Op& op = ops[cut - 1];
      if (op.kind == Kind::mark) {
        image.promised = op.state;
        image.in_progress = op.in_progress;
      } else if (is_sync(op)) {
        for (size_t i = 0; i < cut; ++i)
          if (is_open[i] && makes_durable(op, ops[i], rules)) is_open[i] = false;
      } else {
        is_open[cut - 1] = true;
      }
    }
    if (!is_place_to_cut(ops, cut, selection.cuts)) continue;
    ++counts.cuts;
    open.clear();
    for (size_t i = 0; i < cut; ++i)
      if (is_open[i]) open.push_back(&ops[i]);
    size_t which = 0;
    for (const auto& choice : choices_of(open, cut, selection)) {
      ++which;
      Files files = life.before();
      size_t next = 0;
      for (size_t i = 0; i < cut; ++i) {
        const size_t much = is_open[i] ? choice[next++] : size_of(ops[i]);
        if (is_change(ops[i]) && much > 0) files.apply(ops[i], much);
      }
      image.files = files.reachable();
      image.folders = files.folders;
      if (!seen.insert(digest_of(image)).second) continue;
      image.number = ++counts.images;
      image.how = fmt::format("cut after {} of {} operations, {} of them not durable, choice {}",
                              cut, ops.size(), open.size(), which);
      visit(image);
    }
  }
  return counts;
}

void put(const Image& image, const std::string& root) {
  std::filesystem::remove_all(root);
  std::filesystem::create_directory(root);
  for (const auto& folder : image.folders) {  // sorted: parents first
    std::error_code ignored;                  // one whose parent is not there is not there
    std::filesystem::create_directory(root + "/" + folder, ignored);
    ::chmod((root + "/" + folder).c_str(), 0700);
  }
  for (const auto& [name, content] : image.files) {
    const std::string path = root + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), 0600);
    if (image.number % 2 == 1 && name.ends_with("ledger.db")) {
      std::ofstream(path + "-shm", std::ios::binary) << std::string(32'768, '\x5a');
      ::chmod((path + "-shm").c_str(), 0600);
    }
  }
}

}  // namespace reconciler::power
