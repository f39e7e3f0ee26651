#include "plugins/docker/compose/stack.hpp"

#include <algorithm>
#include <sstream>

#include "plugins/docker/compose/interpolate.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

const YamlNode* value_at(const StackFile& file, const std::vector<std::string>& path,
                         const YamlEntry** last) {
  const YamlNode* node = file.root.get();
  *last = nullptr;
  for (const auto& part : path) {
    const YamlEntry* entry = node ? find(*node, part) : nullptr;
    if (!entry) return nullptr;
    *last = entry;
    node = entry->value.get();
  }
  return node;
}

std::string line_of(const std::string& text, int line) {
  std::istringstream in(text);
  std::string out;
  for (int i = 0; i < line && std::getline(in, out); ++i) {
  }
  return out.size() > 200 ? "" : out;
}

}  // namespace

std::vector<std::string> Stack::paths() const {
  std::vector<std::string> out;
  for (size_t i = 0; i < given; ++i) out.push_back(files[i].real);
  return out;
}

Place Stack::place(const std::vector<std::string>& path) const {
  const StackFile* best_file = files.empty() ? nullptr : &files.front();
  const YamlEntry* best = nullptr;
  size_t best_depth = 0;
  for (const auto& file : files) {
    for (size_t depth = path.size(); depth > 0; --depth) {
      const YamlEntry* entry = nullptr;
      value_at(file, {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth)}, &entry);
      if (!entry) continue;
      if (depth >= best_depth) {
        best_depth = depth;
        best = entry;
        best_file = &file;
      }
      break;
    }
  }
  if (!best_file) return {};
  if (!best) return {best_file->shown, 0, 0, 1, ""};
  return {best_file->shown, best->line, best->column, static_cast<int>(best->key.size()),
          line_of(best_file->text, best->line)};
}

std::vector<std::pair<Place, std::string>> Stack::uses(std::string_view variable) const {
  std::vector<std::pair<Place, std::string>> out;
  for (const auto& file : files) {
    std::istringstream in(file.text);
    std::string line;
    std::string service;
    const YamlEntry* services = file.root ? find(*file.root, "services") : nullptr;
    for (int number = 1; std::getline(in, line); ++number) {
      service.clear();
      if (services && services->value && number > services->line)
        for (const auto& entry : services->value->entries)
          if (entry.line <= number) service = entry.key;
      if (trim(line).starts_with('#') || !uses_variable(line, variable)) continue;
      out.push_back({{file.shown, number, 0, 1, ""}, service});
    }
  }
  return out;
}

std::vector<std::string> Stack::services() const {
  std::vector<std::string> out;
  for (const auto& file : files) {
    if (file.extended || !file.root) continue;
    if (const auto* services = find(*file.root, "services"); services && services->value)
      for (const auto* entry : entries_of(*services->value))
        if (std::find(out.begin(), out.end(), entry->key) == out.end()) out.push_back(entry->key);
  }
  return out;
}

std::vector<std::string> Stack::profiles(std::string_view service) const {
  std::vector<std::string> out;
  for (const auto& file : files) {
    const YamlEntry* entry = nullptr;
    const YamlNode* list = value_at(file, {"services", std::string(service), "profiles"}, &entry);
    if (!list || file.extended) continue;
    for (const auto& item : list->items)
      if (item->kind == YamlNode::Kind::scalar) out.push_back(item->text);
  }
  return out;
}

}  // namespace reconciler::docker
