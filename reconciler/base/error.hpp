// What went wrong, as a value: a code for programs, a sentence for people, and what to do next.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reconciler {

/// A place in a text that a person can open. Lines and columns count from 1; 0 means "not known".
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  int width = 1;       ///< how many characters the caret covers
  std::string source;  ///< the text of that line, for the excerpt; may be empty
};

/// `file:line`, or the file alone where the line is not known.
std::string file_and_line(const Place& place);

/// One indented line under an error: a one-word label and what it says.
struct Fact {
  std::string label;
  std::string text;
};

/// Whether trying again later, with nothing changed, may succeed.
enum class Lasting { transient, terminal };

/// An error as a value. `message` is one sentence that names the value and the rule; `hint` is what
/// to do or type next. Secret values never enter one.
struct Error {
  std::string code;  ///< stable, dotted: `tag.invalid`
  std::string message;
  Place place{};
  std::vector<Fact> facts{};
  std::string hint{};
  Lasting lasting = Lasting::terminal;
  std::vector<Error> others{};  ///< mistakes found together with this one (manifests report all)

  Error&& at(Place where) && {
    place = std::move(where);
    return std::move(*this);
  }
  Error&& with(std::string label, std::string text) && {
    facts.push_back({std::move(label), std::move(text)});
    return std::move(*this);
  }
  Error&& next(std::string what) && {
    hint = std::move(what);
    return std::move(*this);
  }
  Error&& passing() && {
    lasting = Lasting::transient;
    return std::move(*this);
  }
};

/// Makes an error; chain `.at()`, `.with()`, `.next()`, `.passing()` to say more.
inline Error error(std::string code, std::string message) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  return e;
}

/// Every mistake in one list: the error itself (without its others), then the others, in order.
std::vector<Error> flatten(const Error& e);

/// Folds mistakes that were found together into one Error; `all` must not be empty.
Error gather(std::vector<Error> all);

/// For people: transcripts 6 and 7. With a place `file:line:col: error CODE: message`, the line and
/// a caret with the hint; otherwise `error CODE: message`, the facts, and `next` last.
std::string render(const Error& e);

}  // namespace reconciler
