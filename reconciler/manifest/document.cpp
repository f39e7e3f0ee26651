#include "reconciler/manifest/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/manifest/text_check.hpp"

namespace reconciler {
namespace {

constexpr size_t deepest_value = 32;
constexpr size_t most_nodes = 10'000;

/// Thrown out of the parser to end it; `mistakes` already says why.
struct Stop {};

/// Builds the tree from the parser's events and notes what must not be there.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const SourceText> text, std::vector<Error>& mistakes)
      : text_(std::move(text)), mistakes_(mistakes) {}

  std::optional<Value> root;

  /// The last place the parser spoke of.
  const Spot& last() const { return last_; }

  Spot spot(const YAML::Mark& mark, std::string_view scalar = "") {
    Spot out{text_, mark.line + 1, 1, 1};
    const auto index = static_cast<size_t>(mark.line);
    if (mark.line >= 0 && index < text_->lines.size()) {
      const std::string_view line = text_->lines[index];
      const size_t at = std::min(static_cast<size_t>(std::max(mark.column, 0)), line.size());
      out.column = column(index, at);
      out.width = scalar_width(line, at, scalar);
    } else {  // past the end: the parser also sees the end mark that we append
      out.line = static_cast<int>(text_->lines.size());
    }
    return out;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_extras(mark, "?", anchor);
    Value node;
    node.spot = spot(mark);
    // A value that was left out has no place of its own; its key has.
    if (!open_.empty() && open_.back().key) {
      const Spot& key = open_.back().key->spot;
      const auto index = static_cast<size_t>(std::max(mark.line, 0));
      const bool written = index < text_->lines.size() && mark.line + 1 == key.line &&
                           static_cast<size_t>(mark.column) < text_->lines[index].size() &&
                           (text_->lines[index][static_cast<size_t>(mark.column)] == '~' ||
                            (text_->lines[index][static_cast<size_t>(mark.column)] | 0x20) == 'n');
      if (written)
        node.spot.width = text_->lines[index][static_cast<size_t>(mark.column)] == '~' ? 1 : 4;
      else
        node.spot = key;
    }
    add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_alias(mark); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_extras(mark, tag, anchor);
    Value node;
    node.kind = Value::Kind::scalar;
    node.text = value;
    node.quoted = tag == "!";
    node.spot = spot(mark, value);
    if (value.find('\0') != std::string::npos)
      note("manifest.encoding", "the text holds a NUL character", node.spot, "take it out");
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, Value::Kind::list);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, Value::Kind::map);
  }
  void OnMapEnd() override { end(); }

  void refuse_alias(const YAML::Mark& mark) {
    stop("manifest.alias_forbidden", "an alias or anchor stands here, and manifests have none",
         spot(mark), "write the value out");
  }

 private:
  struct Open {
    Value node;
    std::optional<Member> key;         // a map's key whose value is still to come
    std::map<std::string, int> lines;  // of the keys so far
    bool repeated = false;             // the key was there before: its first value stays
  };

  /// Places come nearly in order, so that a long line is counted once and not once a value.
  int column(size_t line, size_t at) {
    if (line != counted_line_ || at < counted_at_) {
      counted_line_ = line;
      counted_at_ = 0;
      counted_ = 0;
    }
    const std::string_view text = text_->lines[line];
    counted_ += characters(text.substr(counted_at_, at - counted_at_));
    counted_at_ = at;
    return counted_ + 1;
  }

  void note(std::string code, std::string message, const Spot& where, std::string hint) {
    if (mistakes_.size() >= most_mistakes) return;
    mistakes_.push_back(
        error(std::move(code), std::move(message)).at(where.place()).next(std::move(hint)));
  }
  [[noreturn]] void stop(std::string code, std::string message, const Spot& where,
                         std::string hint) {
    note(std::move(code), std::move(message), where, std::move(hint));
    throw Stop{};
  }

  void refuse_extras(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    last_ = spot(mark);
    if (++nodes_ > most_nodes)
      stop("manifest.too_large", fmt::format("the document has more than {} values", most_nodes),
           last_, "split it");
    if (anchor != 0) refuse_alias(mark);
    if (!tag.empty() && tag != "?" && tag != "!")
      stop("manifest.tag_forbidden",
           fmt::format("the YAML tag \"{}\" is not taken", printable(tag, 60)), last_,
           "write the value without it");
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             Value::Kind kind) {
    refuse_extras(mark, tag, anchor);
    if (open_.size() >= deepest_value)
      stop("manifest.too_deep", fmt::format("values stand more than {} deep", deepest_value), last_,
           "no key stands that deep");
    Open open;
    open.node.kind = kind;
    open.node.spot = last_;
    open.node.spot.width = 1;
    open_.push_back(std::move(open));
  }

  void end() {
    Value node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(Value node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& open = open_.back();
    if (open.node.is(Value::Kind::list)) {
      open.node.items.push_back(std::move(node));
    } else if (!open.key) {
      take_key(open, std::move(node));
    } else {
      Member member = std::move(*open.key);
      open.key.reset();
      member.value = std::move(node);
      if (!open.repeated) open.node.members.push_back(std::move(member));
    }
  }

  void take_key(Open& open, Value node) {
    if (!node.is(Value::Kind::scalar))
      stop("manifest.syntax", "a key is text, and this one is not", node.spot,
           "put it in quotes if it is meant as text");
    const auto [first, fresh] = open.lines.emplace(node.text, node.spot.line);
    open.repeated = !fresh;
    if (!fresh)
      note("manifest.duplicate_key",
           fmt::format("\"{}\" stands twice, first in line {} and again in line {}",
                       printable(node.text, 60), first->second, node.spot.line),
           node.spot, "keep one of them");
    if (node.text == "<<" && !node.quoted)
      note("manifest.merge_key", "manifests have no merge key <<", node.spot,
           "write the keys out; an environment inherits all keys of its manifest");
    open.key = Member{std::move(node.text), std::move(node.spot), {}};
  }

  std::shared_ptr<const SourceText> text_;
  std::vector<Error>& mistakes_;
  std::vector<Open> open_;
  size_t nodes_ = 0;
  Spot last_{text_, 1, 1, 1};
  size_t counted_line_ = 0;
  size_t counted_at_ = 0;
  int counted_ = 0;
};

/// Says of a further document only that it is there.
class Further final : public YAML::EventHandler {
 public:
  std::optional<YAML::Mark> begins;
  void OnDocumentStart(const YAML::Mark& mark) override { begins = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { throw Stop{}; }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { throw Stop{}; }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {
    throw Stop{};
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    throw Stop{};
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    throw Stop{};
  }
  void OnMapEnd() override {}
};

Error syntax(const Spot& where, std::string what, std::string hint) {
  return error("manifest.syntax", "this is not YAML: " + std::move(what))
      .at(where.place())
      .next(std::move(hint));
}

/// Where a second key seems to begin on a line: mostly it is a text that goes on.
bool is_at_colon(const Spot& where) {
  const auto line = static_cast<size_t>(std::max(where.line, 1)) - 1;
  const auto column = static_cast<size_t>(std::max(where.column, 1)) - 1;
  return line < where.text->lines.size() &&
         std::string_view(where.text->lines[line]).substr(0, column + 1).ends_with(':');
}

Error further_document(const Spot& where) {
  return error("manifest.multi_document", "a second document begins here, and a file holds one")
      .at(where.place())
      .next("put it into a file of its own");
}

/// Both calls into the parser; mistakes go to `mistakes`, the tree to the builder.
void run_parser(const std::string& text, Builder& builder, std::vector<Error>& mistakes) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  if (!parser.HandleNextDocument(builder) || !mistakes.empty()) return;
  Further further;
  try {
    if (!parser.HandleNextDocument(further)) return;
  } catch (const Stop&) {
  } catch (const YAML::Exception&) {
    if (!further.begins) throw;
  }
  const Spot where = further.begins ? builder.spot(*further.begins) : builder.last();
  const auto line = static_cast<size_t>(std::max(where.line, 1)) - 1;
  const auto marks = [&](size_t l, const char* mark) {
    return l < where.text->lines.size() && where.text->lines[l].starts_with(mark);
  };
  const bool marked = marks(line, "---") || (line > 0 && marks(line - 1, "..."));
  // Without a mark it is what the parser could not make sense of and left lying (`a: b` then `]`).
  mistakes.push_back(marked ? further_document(where)
                            : syntax(where, "nothing can follow the end of the document", ""));
}

}  // namespace

const Member* Value::member(std::string_view key) const {
  for (const auto& one : members)
    if (one.key == key) return &one;
  return nullptr;
}

const Value* Value::find(std::string_view key) const {
  const Member* one = member(key);
  return one ? &one->value : nullptr;
}

Value* Value::find(std::string_view key) {
  for (auto& one : members)
    if (one.key == key) return &one.value;
  return nullptr;
}

Result<Value> parse_document(const std::string& file, std::string_view text) {
  if (text.size() > largest_document)
    return failure(error("manifest.too_large", fmt::format("the file has {} bytes, and may have {}",
                                                           text.size(), largest_document))
                       .at(whole_file(file))
                       .next("split it: environments can stand in files of their own"));
  if (auto readable = check_text(file, text); !readable) return failed(readable);

  auto source = std::make_shared<SourceText>();
  source->file = file;
  std::string whole;  // CRLF becomes LF, so that lines and columns are the editor's
  for (auto& line : split(text, '\n')) {
    if (line.ends_with('\r')) line.pop_back();
    whole += line + '\n';
    source->lines.push_back(std::move(line));
  }
  // Without an end of its own the parser takes `a: "x` for whole and swallows what follows.
  whole += "...\n";

  std::vector<Error> mistakes;
  Builder builder(source, mistakes);
  try {
    run_parser(whole, builder, mistakes);
  } catch (const Stop&) {
  } catch (const YAML::Exception& e) {
    // Behind the last line there is nothing to point at.
    Spot where = e.mark.is_null() ? builder.last() : builder.spot(e.mark);
    if (source->lines[static_cast<size_t>(where.line) - 1].empty()) where = builder.last();
    if (e.msg.starts_with("the referenced anchor is not defined"))
      mistakes.push_back(error("manifest.alias_forbidden",
                               "an alias or anchor stands here, and manifests have none")
                             .at(where.place())
                             .next("write the value out"));
    else if (e.msg.starts_with("illegal document indicator in scalar"))
      mistakes.push_back(syntax(open_quote(builder.last()), "a quote is not closed", "close it"));
    else
      mistakes.push_back(syntax(where, printable(e.msg, 200),
                                is_at_colon(where) ? "a text with `: ` in it wants quotes" : ""));
  }
  if (!mistakes.empty()) return failure(gather(std::move(mistakes)));
  if (!builder.root || (builder.root->is(Value::Kind::null)))
    return failure(error("manifest.empty", "the file says nothing").at(whole_file(file)));
  return std::move(*builder.root);
}

Result<Value> read_document(const std::string& path, const std::string& called) {
  auto text = read_file(path, largest_document + 1, false);
  if (text) return parse_document(called, *text);
  Error e = std::move(text.error());
  if (e.code == "file.too_large")
    e = error("manifest.too_large",
              fmt::format("the file has more than {} bytes", largest_document))
            .next("split it: environments can stand in files of their own");
  if (e.code == "path.symlink")
    e = error("path.symlink", "the file is a symbolic link").next("put the file itself there");
  e.place.file = called;
  return failure(std::move(e));
}

}  // namespace reconciler
