// `manual`: writes the man pages. For the build; `--help` does not show it.
#include "reconciler/cli/manual.hpp"

#include <fmt/format.h>

#include <cctype>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/described.hpp"
#include "reconciler/cli/exit.hpp"

namespace reconciler::cli {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// Text as groff prints it: hyphens that can be copied, nothing taken for a request.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
      out += std::string("\\&") + c;
    else
      out += c;
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + escaped(text) + "\\fR";
}

/// One tagged paragraph.
std::string entry(const std::string& tag, const std::string& text) {
  return fmt::format(".TP\n{}\n{}\n", tag, escaped(text));
}

std::string reference(const std::string& page) {
  return fmt::format(".BR {} (1)", escaped(page));
}

std::string argument_in_synopsis(const CLI::Option& argument) {
  const auto choices = choices_of(argument);
  std::string shown = choices.empty() ? italic(argument.get_name(true)) : "";
  for (const auto& choice : choices) shown += (shown.empty() ? "" : " | ") + bold(choice);
  if (takes_many(argument)) shown += " ...";
  if (!argument.get_required()) return "[" + shown + "]";
  return choices.empty() ? shown : "{" + shown + "}";
}

std::string option_tag(const CLI::Option& option) {
  if (option.get_positional()) return italic(option.get_name(true));
  std::string names;
  for (const auto& one : option.get_snames())
    names += (names.empty() ? "" : ", ") + bold("-" + one);
  for (const auto& one : option.get_lnames())
    names += (names.empty() ? "" : ", ") + bold("--" + one);
  if (!takes_value(option)) return names;
  const auto choices = choices_of(option);
  return names + " " + italic(choices.empty() ? value_name(option) : join(choices, "|"));
}

std::string said_of(const CLI::Option& option) {
  std::string text = option.get_description();
  if (const auto& value = option.get_default_str(); !value.empty() && option.nonpositional())
    text += fmt::format(" (default: {})", value);
  if (const auto& variable = option.get_envname(); !variable.empty())
    text += fmt::format("; {} says the same", variable);
  return text + (text.ends_with('.') ? "" : ".");
}

std::string synopsis(const std::string& name, const CLI::App& verb) {
  std::string line = fmt::format(".B {}\n", escaped(name));
  if (!options_of(verb).empty()) line += "[\\fIoption\\fR ...]\n";
  for (const auto* argument : arguments_of(verb)) line += argument_in_synopsis(*argument) + "\n";
  return line;
}

std::string options(const CLI::App& verb) {
  std::string out;
  for (const auto* argument : arguments_of(verb))
    out += entry(option_tag(*argument), said_of(*argument));
  for (const auto* option : options_of(verb)) out += entry(option_tag(*option), said_of(*option));
  return out;
}

std::string examples(const Footer& footer) {
  if (footer.examples.empty()) return {};
  std::string out = ".SH EXAMPLES\n.EX\n";
  for (const auto& example : footer.examples) out += escaped(example) + "\n";
  return out + ".EE\n";
}

std::string head(const std::string& page, const std::string& version, const std::string& name,
                 const std::string& what) {
  // No date: the same program has the same pages, whenever it was built.
  return fmt::format(
      ".TH {} 1 \"\" \"reconciler {}\" \"reconciler\"\n.nh\n.ad l\n.SH NAME\n{} \\- {}\n",
      escaped(upper(page)), escaped(version), escaped(name), escaped(what));
}

/// The first sentence, as `whatis` shows it: no capital, no full stop.
std::string first_sentence(const std::string& text) {
  std::string one = text.substr(0, text.find(". "));
  if (one.ends_with('.')) one.pop_back();
  if (!one.empty()) one[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(one[0])));
  return one;
}

std::string manual_page(const CLI::App& verb, const std::string& version) {
  const std::string name = "reconciler " + verb.get_name();
  const std::string page = "reconciler-" + verb.get_name();
  const Footer footer = footer_of(verb);
  std::string out = head(page, version, page, first_sentence(verb.get_description()));
  out += ".SH SYNOPSIS\n";
  const auto parts = verbs_of(verb);
  if (parts.empty()) out += synopsis(name, verb);
  for (const auto* part : parts)
    out += (part == parts.front() ? "" : ".br\n") + synopsis(name + " " + part->get_name(), *part);
  out += ".SH DESCRIPTION\n" + escaped(verb.get_description()) + "\n";
  if (!footer.said.empty()) out += ".PP\n" + escaped(footer.said) + "\n";
  if (const std::string own = options(verb); !own.empty()) out += ".SH OPTIONS\n" + own;
  for (const auto* part : parts)
    out += fmt::format(".SH {}\n{}\n", escaped(upper(part->get_name())),
                       escaped(part->get_description())) +
           options(*part);
  out += fmt::format(".PP\nWhat all verbs take is in\n{}.\n", reference("reconciler"));
  return out + examples(footer) + ".SH SEE ALSO\n" + reference("reconciler") + "\n";
}

constexpr const char* section_of_files = R"(.SH FILES
.TP
.I /etc/reconciler/host.yaml
The host file: what the owner of this machine decides.
.TP
.I /var/lib/reconciler
The state folder, for root alone: ledger, installation key, mirrors, trees, and the data of environments whose host
file names no other place. Running containers read from it.
.SH EXIT STATUS
.TP
.B 0
Well, or nothing to do.
.TP
.B 1
It failed, was gone back from, is stalled, or needs someone.
.TP
.B 2
.B plan \-\-detailed\-exitcode
found changes.
.TP
.B 3
A gate is closed.
.TP
.B 64
The command line is wrong, or it would ask and there is no terminal; nothing was done.
.TP
.B 75
Another run, or a script's lock that is honoured, holds the environment; nothing was done.
.TP
.BR 130 ", " 143
Interrupted, terminated. The first signal ends at the next safe point, the second at once; the next run goes on from
what is there either way.
)";

std::string overview(const CLI::App& app, const std::string& version) {
  std::string out =
      head("reconciler", version, "reconciler", first_sentence(app.get_description()));
  out += ".SH SYNOPSIS\n.B reconciler\n[\\fIoption\\fR ...] \\fIverb\\fR [\\fIargument\\fR ...]\n";
  out += ".SH DESCRIPTION\n" + escaped(app.get_description()) + "\n";
  const Footer footer = footer_of(app);
  if (!footer.said.empty()) out += ".PP\n" + escaped(footer.said) + "\n";
  out += ".SH VERBS\n";
  std::string also;
  for (const auto* verb : verbs_of(app)) {
    out += entry(bold(verb->get_name()), verb->get_description());
    also += (also.empty() ? "" : ",\n") + reference("reconciler-" + verb->get_name());
  }
  out += ".SH OPTIONS\nEach verb takes these, before or after its name, and\n.BR \\-\\-help .\n";
  out += options(app);
  out += ".SH ENVIRONMENT\n" +
         entry(bold("DOCKER_HOST"),
               "The Engine's socket, where it is not unix:///var/run/docker.sock.") +
         entry(bold("NO_COLOR"), "Where it is set, no sign is coloured unless --color says so.");
  for (const auto* option : options_of(app))
    if (const auto& variable = option->get_envname(); !variable.empty())
      out += entry(bold(variable), "The same as --" + option->get_lnames().front() + ".");
  out += section_of_files;
  return out + examples(footer) + ".SH SEE ALSO\n" + also + "\n";
}

int write(const Context& context, const std::string& folder, const CLI::App& app,
          const std::string& version) {
  if (auto made = make_folders(folder, 0755); !made) return report(context, made.error());
  for (const auto& [name, page] : manual(app, version)) {
    const std::string path = fmt::format("{}/{}", folder, name);
    if (auto done = replace_file(path, page, 0644); !done) return report(context, done.error());
  }
  return well;
}

}  // namespace

std::map<std::string, std::string> manual(const CLI::App& app, const std::string& version) {
  std::map<std::string, std::string> pages{{"reconciler.1", overview(app, version)}};
  for (const auto* verb : verbs_of(app))
    pages[fmt::format("reconciler-{}.1", verb->get_name())] = manual_page(*verb, version);
  return pages;
}

void add_manual(CLI::App& app, const std::string& version, Verb& chosen, const Context& context) {
  auto folder = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("manual", "Write the man pages into a folder.");
  verb->group("");
  verb->add_option("folder", *folder, "Where to")->required()->type_name("FOLDER");
  verb->callback([&app, &chosen, &context, folder, version] {
    chosen = [&app, &context, folder, version](std::stop_token) {
      return write(context, *folder, app, version);
    };
  });
}

}  // namespace reconciler::cli
