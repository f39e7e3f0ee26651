// `set`: another tag is asked for: written into the config repository's working files, shown as a
// plan, committed, and where that is wanted pushed and applied.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/cli/columns.hpp"
#include "reconciler/cli/exit.hpp"
#include "reconciler/cli/live_screen.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/cli/terminal.hpp"
#include "reconciler/cli/verb.hpp"
#include "reconciler/git/checkout.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/scalar_edit.hpp"

namespace reconciler::cli {
namespace {

using namespace std::chrono_literals;

struct SetOptions {
  std::string environment;
  std::string tag;
  bool push = false;
  bool apply = false;
  bool yes = false;
};

/// One tag in one file, and the working copy that it is committed in.
struct Edit {
  Asked asked;  ///< what is asked for then
  Place place;  ///< of the tag
  Checkout checkout;
  std::string before;  ///< the file's text
  std::string after;
  std::string message;
  std::string commit{};  ///< once it is made
  bool pushed = false;
};

Error elsewhere(const Repository& repository, const SetOptions& options) {
  return error("checkout.elsewhere", fmt::format("{} is a repository of another machine, and a tag "
                                                 "is set in working files",
                                                 repository.url))
      .next(fmt::format("name a checkout of it: reconciler --repo FOLDER set {} {}",
                        options.environment, options.tag));
}

/// The environment as the repository asks for it, where it is one with working files.
Result<Asked> find_asked(Context& context, const SetOptions& options, std::stop_token stop) {
  auto host = context.host();
  if (!host) return failed(host);
  const auto& all = (*host)->repositories;
  const auto here = [](const Repository& one) { return is_folder(one.url); };
  if (!all.empty() && std::ranges::none_of(all, here))
    return failure(elsewhere(all.front(), options));
  auto selection = select(context, {options.environment}, Reading::fetch, std::move(stop));
  if (!selection) return failed(selection);
  for (const auto& notice : selection->notices) std::cerr << notice << "\n";
  Asked asked = std::move(selection->asked.at(0));
  const auto of = std::ranges::find(all, asked.config.url, &Repository::url);
  if (of != all.end() && !here(*of)) return failure(elsewhere(*of, options));
  return asked;
}

/// The environment as it stands in the working files.
Result<EnvironmentSpec> in_working_files(const Asked& asked) {
  Repository repository;
  repository.url = asked.config.url;
  auto manifests = read_manifests(asked.config.url, root_name_of(repository));
  if (!manifests) return failed(manifests);
  auto specs = select_environments(*manifests, {asked.spec.id.text()});
  if (!specs) return failed(specs);
  return std::move(specs->at(0));
}

Status check_branch(const Checkout& checkout, const Snapshot& config) {
  if (checkout.branch() == config.branch) return {};
  return failure(error("checkout.other_branch",
                       fmt::format("{} is on branch {}, and {} is what is deployed",
                                   checkout.folder(), checkout.branch(), config.branch))
                     .next(fmt::format("git -C {} switch {}", checkout.folder(), config.branch)));
}

/// All that can be known to go wrong is said before anything is changed. The edit's texts are the
/// same where the tag is asked for already.
Result<Edit> prepare(Context& context, const SetOptions& options, const std::stop_token& stop) {
  auto asked = find_asked(context, options, stop);
  if (!asked) return failed(asked);
  auto checkout = Checkout::open(asked->config.url, stop);
  if (!checkout) return failed(checkout);
  if (auto on = check_branch(*checkout, asked->config); !on) return failed(on);
  auto spec = in_working_files(*asked);
  if (!spec) return failed(spec);
  const std::string& file = spec->tag_place.file;
  const bool asked_already = asked->spec.tag == options.tag && spec->tag == options.tag;
  if (auto ready = asked_already ? Status{} : checkout->check_file(file, stop); !ready)
    return failed(ready);
  if (auto formed = check_tag(options.tag, spec->source.tags); !formed) return failed(formed);
  auto text = read_file(fmt::format("{}/{}", checkout->folder(), file), largest_document, false);
  if (!text) return failed(text);
  std::string after = *text;
  if (spec->tag != options.tag) {
    auto edited = replace_scalar(file, *text, spec->tag_place, options.tag);
    if (!edited) return failed(edited);
    after = std::move(*edited);
  }
  const Place place = spec->tag_place;
  if (asked_already) return Edit{std::move(*asked), place, std::move(*checkout), *text, *text, ""};
  asked->spec = std::move(*spec);
  asked->spec.tag = options.tag;
  asked->spec.tag_place = {};  // there it stands only once it is written
  std::string message = fmt::format("{} {}", asked->spec.id.text(), options.tag);
  asked->config.subject = message;
  return Edit{std::move(*asked), place, std::move(*checkout), std::move(*text), std::move(after),
              std::move(message)};
}

/// `source 4be1d07 "Slugs for projects", 6 commits since`; for what lies in the config repository
/// itself, the line that is changed.
std::string what_changes(const Parts& parts, const Edit& edit, const Look& seen,
                         const std::stop_token& stop) {
  const Source& source = edit.asked.spec.source;
  const auto repository = source.kind == Source::Kind::repository
                              ? source_repository(source, parts.host)
                              : failure(Error{});
  if (!repository) return fmt::format("{}:{}", edit.place.file, edit.place.line);
  const Mirror mirror(parts.state, *repository, MirrorOf::source, parts.helper, parts.clock);
  const auto& current = seen.memory.current;
  const JsonObject request{{"mirror", mirror.folder() + "/mirror.git"},
                           {"commit", seen.desired.commit},
                           {"since", current ? current->commit : ""}};
  const auto about = parts.helper.call("commit-info", request, 10s, stop);
  std::string text = "source " + seen.desired.commit.substr(0, 7);
  if (!about) return text;
  text += fmt::format(" \"{}\"", printable(text_at(*about, "subject"), 60));
  if (const auto commits = number_at(*about, "commits"); current && commits > 0)
    text += fmt::format(", {} since", count(static_cast<size_t>(commits), "commit"));
  return text;
}

/// As far as it is known before the commit: where the version is that commit, the plan's id, and
/// what approves it, are yet to come.
Plan before_the_commit(const Edit& edit, Plan plan) {
  if (edit.asked.spec.source.kind == Source::Kind::repository) return plan;
  plan.id.clear();
  for (auto& gate : plan.gates)
    if (!gate.grants.empty())
      gate.opens_when =
          fmt::format("what reconciler plan {} says once it is committed", plan.environment.text());
  return plan;
}

/// The plan, under a header that says what set changes.
void show_edit(const Parts& parts, const Edit& edit, const Look& seen, const Page& page,
               const std::stop_token& stop) {
  const Plan plan = before_the_commit(edit, seen.plan);
  const std::string to = plan.from == plan.to ? plan.to : fmt::format("-> {}", plan.to);
  const std::string from = plan.from == plan.to || plan.from.empty() ? "" : plan.from + " ";
  std::cout << render_header(fmt::format("{}  {}{}", plan.environment.text(), from, to),
                             what_changes(parts, edit, seen, stop), page)
            << render(plan, page).substr(render_header(plan, page).size());
}

/// What people saw of two plans is the same: which commit asks for it is not.
bool looks_the_same(const Plan& one, const Plan& other) {
  return one.from == other.from && one.to == other.to && one.on_failure == other.on_failure &&
         one.waits() == other.waits() &&
         std::ranges::equal(one.actions, other.actions, [](const Action& a, const Action& b) {
           return a.work.phase == b.work.phase && a.work.verb == b.work.verb &&
                  a.title == b.title && a.reason == b.reason;
         });
}

class Setting {
 public:
  Setting(Context& context, SetOptions options, std::stop_token stop)
      : context_(context), options_(std::move(options)), stop_(std::move(stop)) {}

  int run() {
    const bool asks = !options_.yes;
    if (asks && (context_.options().json || !stdin_is_terminal()))
      return report(context_, no_terminal("set asks before it commits",
                                          fmt::format("reconciler set {} {} --yes, with --push and "
                                                      "--apply where that is wanted",
                                                      options_.environment, options_.tag)));
    auto edit = prepare(context_, options_, stop_);
    if (!edit) return report(context_, edit.error());
    // Who says nothing of it is asked for all of it at once.
    if (asks && !options_.push && !options_.apply) {
      options_.push = edit->checkout.upstream().has_value();
      options_.apply = true;
    }
    if (edit->before == edit->after) return asked_already(*edit);
    if (auto ready =
            options_.push ? edit->checkout.check_push(stop_) : edit->checkout.check_behind(stop_);
        !ready)
      return report(context_, ready.error());
    auto parts = context_.parts();
    if (!parts) return report(context_, parts.error());
    auto seen = look(*parts, edit->asked, stop_);
    if (!seen) return report(context_, seen.error());
    if (!context_.options().json) show_edit(*parts, *edit, *seen, context_.page(), stop_);
    if (asks && !ask(context_, question(*edit), stop_)) {
      std::cout << "Nothing was changed.\n";
      return wrong;
    }
    return perform(*parts, *edit, seen->plan);
  }

 private:
  std::string question(const Edit& edit) const {
    const char* more = options_.push && options_.apply ? ", push it and apply"
                       : options_.push                 ? " and push it"
                       : options_.apply                ? " and apply"
                                                       : "";
    return fmt::format("Commit \"{}\"{}?", edit.message, more);
  }

  /// Nothing is to be committed; what is due is applied where that was asked for.
  int asked_already(const Edit& edit) {
    const std::string id = edit.asked.spec.id.text();
    const bool json = context_.options().json;
    if (json && !options_.apply) {
      print_json(edit, nullptr);
      return well;
    }
    if (!json)
      std::cout << fmt::format("{} asks for {} already: {}:{}\n", id, options_.tag, edit.place.file,
                               edit.place.line);
    // A commit that a push was refused for is no edit any more.
    if (!json && options_.push && edit.checkout.upstream())
      std::cout << fmt::format("to push what is committed: git -C {} push\n",
                               shell_word(edit.checkout.folder()));
    if (!options_.apply) {
      std::cout << fmt::format("next  reconciler plan {}\n", id);
      return well;
    }
    auto parts = context_.parts();
    if (!parts) return report(context_, parts.error());
    auto seen = look(*parts, edit.asked, stop_);
    if (!seen) return report(context_, seen.error());
    if (!json) std::cout << render(seen->plan, context_.page());
    if (seen->plan.empty() || seen->plan.waits()) {
      if (json) print_json(edit, &seen->plan);
      return status_of(Reconciled{seen->plan});
    }
    if (!options_.yes && !ask(context_, "Apply?", stop_)) {
      std::cout << "Nothing was changed.\n";
      return wrong;
    }
    if (!json) std::cout << "\n";
    return apply(*parts, edit, seen->plan);
  }

  int perform(const Parts& parts, Edit& edit, const Plan& shown) {
    const Checkout& checkout = edit.checkout;
    auto commit = checkout.commit(edit.place.file, edit.before, edit.after, edit.message, stop_);
    if (!commit) return report(context_, commit.error());
    edit.commit = std::move(*commit);
    if (!context_.options().json) std::cout << "\n";
    tell("commit", fmt::format("{} \"{}\"", edit.commit.substr(0, 7), edit.message));
    if (options_.push) {
      if (auto done = checkout.push(edit.commit, stop_); !done)
        return report(
            context_,
            std::move(done.error())
                .with("asked for", fmt::format("{} all the same, where {} itself is read, as here",
                                               options_.tag, checkout.folder())));
      edit.pushed = true;
      tell("push", fmt::format("{} {}", checkout.upstream()->remote, checkout.upstream()->branch));
    }
    if (options_.apply) return apply(parts, edit, shown);
    if (context_.options().json) {
      print_json(edit, &shown);
      return well;
    }
    std::cout << fmt::format("next  reconciler apply {}\n", edit.asked.spec.id.text());
    return well;
  }

  int apply(const Parts& parts, const Edit& edit, const Plan& shown) {
    auto selection = select(context_, {edit.asked.spec.id.text()}, Reading::fetch, stop_);
    if (!selection) return report(context_, selection.error());
    const bool json = context_.options().json;
    std::ostream quiet(nullptr);
    LiveScreen screen(context_, json ? quiet : std::cout);
    const auto agree = [&](const Look& seen) -> Result<bool> {
      if (json || looks_the_same(shown, seen.plan)) return true;
      std::cout << "\nIt is another plan by now:\n\n" << render(seen.plan, context_.page());
      const bool agreed = options_.yes || ask(context_, "Apply?", stop_);
      std::cout << "\n";
      return agreed;
    };
    auto done =
        reconcile(parts, selection->asked.at(0), who(), agree, screen.events(), {.stop = stop_});
    screen.ended();
    if (!json && done && !done->changed && !done->declined) std::cout << "\n";
    if (!json) return tell_applied(context_, done);
    if (!done) return report(context_, done.error());
    print_json(edit, &done->plan, done->changed);
    return status_of(*done);
  }

  void tell(const std::string& kind, const std::string& what) const {
    if (context_.options().json) return;
    Action action;
    action.work.verb = kind;
    action.title = what;
    const Page page = context_.page();
    std::cout << fmt::format("  {} {}\n", sign(Sign::well, page), render_line(action));
  }

  void print_json(const Edit& edit, const Plan* plan, bool applied = false) const {
    JsonObject all{{"format_version", "1.0"}, {"environment", edit.asked.spec.id.text()},
                   {"tag", options_.tag},     {"file", edit.place.file},
                   {"line", edit.place.line}, {"message", edit.message},
                   {"commit", edit.commit},   {"pushed", edit.pushed},
                   {"applied", applied}};
    if (plan) all["plan"] = to_json(*plan);
    std::cout << boost::json::serialize(all) << "\n";
  }

  Context& context_;
  SetOptions options_;
  std::stop_token stop_;
};

int set(Context& context, const SetOptions& options, std::stop_token stop) {
  if (auto formed = check_tag(options.tag); !formed) {
    Error& e = formed.error();
    if (e.hint.empty()) e.hint = fmt::format("reconciler set {} TAG", options.environment);
    report(context, e);
    return usage;
  }
  return Setting(context, options, std::move(stop)).run();
}

}  // namespace

void add_set(CLI::App& app, Context& context, Verb& chosen) {
  auto options = std::make_shared<SetOptions>();
  auto* verb = app.add_subcommand(
      "set",
      "Ask for another tag: write it into the config repository's working files, show the plan, "
      "commit; and push and apply.");
  add_environment(*verb, options->environment);
  verb->add_option("tag", options->tag, "The version wanted")->required();
  verb->add_flag("--push", options->push, "Push the commit to the branch's remote");
  verb->add_flag("--apply", options->apply, "Apply it here");
  add_yes(*verb, options->yes,
          "Commit without asking; push and apply only as --push and --apply say");
  verb->footer(
      "On a terminal it asks; with neither --push nor --apply, for both.\n"
      "0 done, or asked for already; 1 refused, failed, or nobody agreed; with --apply as apply.\n"
      "Examples:\n  reconciler set portfolio/production v1.2.3\n  reconciler --repo ~/deploy set "
      "stage v1.3.0-rc1 --yes --push");
  performs(*verb, chosen, [&context, options](std::stop_token stop) {
    return set(context, *options, std::move(stop));
  });
}

}  // namespace reconciler::cli
