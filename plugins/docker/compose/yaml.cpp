#include "plugins/docker/compose/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace reconciler::docker {
namespace {

constexpr std::uint64_t most_nodes = 200'000;
constexpr size_t deepest = 64;
constexpr int deepest_merge = 16;

/// Stops the parser; never leaves this file.
struct Stopped {
  Error why;
};

bool harmless(const std::string& tag) {
  static const std::set<std::string, std::less<>> known = {"",
                                                           "?",
                                                           "!",
                                                           "!reset",
                                                           "!override",
                                                           "tag:yaml.org,2002:str",
                                                           "tag:yaml.org,2002:int",
                                                           "tag:yaml.org,2002:float",
                                                           "tag:yaml.org,2002:bool",
                                                           "tag:yaml.org,2002:null",
                                                           "tag:yaml.org,2002:map",
                                                           "tag:yaml.org,2002:seq",
                                                           "tag:yaml.org,2002:merge"};
  return known.contains(tag);
}

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const std::string& shown) : shown_(shown) {}
  YamlPtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(mark, YamlNode::Kind::null), anchor, mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      stop("compose.invalid", "an alias stands inside of what it names", mark);
    put(found->second, mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(tag, mark);
    auto node = make(mark, YamlNode::Kind::scalar);
    node->text = value;
    add(node, anchor, mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    bool has_key = false;
    YamlEntry entry;  // of a map: the key that waits for its value
  };

  [[noreturn]] void stop(std::string code, std::string message, const YAML::Mark& mark) const {
    throw Stopped{error(std::move(code), std::move(message))
                      .at({shown_, mark.line + 1, mark.column + 1, 1, ""})};
  }
  void check(const std::string& tag, const YAML::Mark& mark) const {
    if (!harmless(tag))
      stop("compose.unsupported", fmt::format("the tag {} is not supported", tag), mark);
  }
  std::shared_ptr<YamlNode> make(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++count_ > most_nodes) too_large(mark);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    return node;
  }
  [[noreturn]] void too_large(const YAML::Mark& mark) const {
    stop("compose.too_large",
         fmt::format("more than {} values, aliases counted as often as they are used", most_nodes),
         mark);
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    check(tag, mark);
    if (open_.size() >= deepest)
      stop("compose.too_large", fmt::format("nested deeper than {} levels", deepest), mark);
    open_.push_back({make(mark, kind), anchor, false, {}});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(done.node, done.anchor, YAML::Mark::null_mark());
  }
  void add(const std::shared_ptr<YamlNode>& node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (anchor != 0) anchors_[anchor] = node;
    put(node, mark);
  }
  void put(const YamlPtr& node, const YAML::Mark& mark) {
    if (open_.empty()) {
      root_ = node;
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::map && !parent.has_key) {
      if (node->kind != YamlNode::Kind::scalar && node->kind != YamlNode::Kind::null)
        stop("compose.unsupported", "a key that is not plain text", mark);
      parent.entry = {node->text, node->line, node->column, nullptr};
      parent.has_key = true;
      return;
    }
    parent.node->weight += node->weight;
    if (parent.node->weight > most_nodes) too_large(mark);
    if (parent.node->kind == YamlNode::Kind::sequence) {
      parent.node->items.push_back(node);
      return;
    }
    parent.entry.value = node;
    parent.node->entries.push_back(std::move(parent.entry));
    parent.has_key = false;
  }

  const std::string& shown_;
  YamlPtr root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlPtr> anchors_;
  std::uint64_t count_ = 0;
};

void collect(const YamlNode& node, int depth, std::set<std::string, std::less<>>& seen,
             std::vector<const YamlEntry*>& out) {
  if (depth > deepest_merge) return;
  for (const auto& entry : node.entries)
    if (entry.key != "<<" && seen.insert(entry.key).second) out.push_back(&entry);
  for (const auto& entry : node.entries) {
    if (entry.key != "<<" || !entry.value) continue;
    collect(*entry.value, depth + 1, seen, out);
    for (const auto& item : entry.value->items) collect(*item, depth + 1, seen, out);
  }
}

}  // namespace

Result<YamlPtr> parse_yaml(const std::string& text, const std::string& shown) {
  const auto refuse = [&](std::string code, std::string message, int line = 0, int column = 0) {
    return failure(error(std::move(code), std::move(message)).at({shown, line, column, 1, ""}));
  };
  if (text.size() > largest_yaml)
    return refuse("compose.too_large", fmt::format("more than {} bytes", largest_yaml));
  if (text.find('\0') != std::string::npos) return refuse("compose.invalid", "a NUL byte");
  // yaml-cpp accepts a quote that is never closed; a document's end inside of one is an error.
  std::istringstream in(text + "\n...\n");
  Builder builder(shown);
  try {
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    Builder second(shown);
    if (parser.HandleNextDocument(second) && second.root() &&
        second.root()->kind != YamlNode::Kind::null)
      return refuse("compose.unsupported", "several documents in one file");
  } catch (const Stopped& stopped) {
    return failure(stopped.why);
  } catch (const YAML::Exception& e) {
    return refuse("compose.invalid", "not YAML: " + e.msg, e.mark.line + 1, e.mark.column + 1);
  }
  YamlPtr root = builder.root();
  return root ? root : std::make_shared<YamlNode>();
}

std::vector<const YamlEntry*> entries_of(const YamlNode& node) {
  std::vector<const YamlEntry*> out;
  std::set<std::string, std::less<>> seen;
  collect(node, 0, seen, out);
  return out;
}

const YamlEntry* find(const YamlNode& node, std::string_view key) {
  for (const auto& entry : node.entries)
    if (entry.key == key) return &entry;
  for (const auto* entry : entries_of(node))
    if (entry->key == key) return entry;
  return nullptr;
}

}  // namespace reconciler::docker
