// The manifest's keys, in the order in which they happen.
#include "reconciler/manifest/shapes.hpp"

namespace reconciler {
namespace {

using namespace shapes;

constexpr int longest_list = 100'000;

/// The keys that every step has; `extra` are those of its list alone.
Shape step(std::vector<Key> extra) {
  static const Shape status = integer(100, 599);
  static const Shape lines = integer(0, longest_list);
  std::vector<Key> all{
      {"name", &text(), "(what it runs or asks)", "What the step is called; unique in its list."},
      {"run", &text(), "", "The Compose service that a one-off container is made of."},
      {"exec", &text(), "", "The running Compose service that the command is executed in."},
      {"http", &text(), "", "The URL that is asked, from the environment's own host."},
      {"logs", &text(), "", "The service whose log is read since the switch; * means all."},
      {"service", &text(), "", "The service that must run, and be healthy where that is checked."},
      {"command", &texts(), "(the service's own)",
       "The whole argument vector: a list, or text split by a shell's quoting rules (no shell, "
       "no expansion)."},
      {"timeout", &duration(), "", "How long the step may take."},
      {"status", &status, "200", "The HTTP status that is wanted."},
      {"contains", &text(), "", "Text that the answer or the output must contain."},
      {"forbid", &text(), "", "A regular expression that no line of it may match."},
      {"lines", &lines, "", "The number of lines that the output must have."},
      {"warn", &truth(), "false", "A failure is said and does not fail the plan."},
  };
  all.insert(all.end(), extra.begin(), extra.end());
  Shape shape = keys(std::move(all), "a step", "a step");
  return shape;
}

const Shape& checked_step() {  // a URL alone is an http check
  static const Shape shape = [] {
    Shape one = step({});
    one.scalar = Shape::Scalar::text;
    one.wanted = "a URL or a step";
    return one;
  }();
  return shape;
}

const Shape& release_step() {
  static const Shape when = word({"before", "after"});
  static const Shape once = word({"tag", "switch"});
  static const Shape shape = step({
      {"depends_on", &texts(), "[]", "Services that must run and be healthy before it starts."},
      {"when", &when, "before", "Before or after the services are switched."},
      {"once", &once, "(tag for run)",
       "Once a tag (a container of its own), or at each switch to another version, back too."},
  });
  return shape;
}

const Shape& checks() {
  static const Shape shape = list_of(checked_step(), "a list of checks");
  return shape;
}

const Shape& source() {
  static const Shape discipline = word({"semver", "commit", "build", "any"});
  static const Shape shape = [] {
    Shape one = keys(
        {
            {"repository", &text(), "",
             "URL or absolute path of the application's repository; a dot is this repository."},
            {"tags", &discipline, "semver", "How the tags of the application are formed."},
        },
        "a URL, or repository and tags");
    one.scalar = Shape::Scalar::text;
    return one;
  }();
  return shape;
}

const Shape& compose() {
  static const Shape shape = [] {
    Shape one = keys(
        {
            {"files", &texts(), "(Compose's own rules)", "The compose files, in their order."},
            {"project", &text(), "(the application's name)", "Compose's project name."},
            {"profiles", &texts(), "[]", "Compose profiles that are active."},
            {"jobs", &texts(), "[]", "Services that run to an end instead of staying up."},
        },
        "compose files, or files, project, profiles and jobs");
    one.scalar = Shape::Scalar::text;
    one.items = &text();
    return one;
  }();
  return shape;
}

const Shape& variables() {
  static const Shape env_file = [] {
    Shape one = keys(
        {
            {"path", &text(), "", "Where the file lies in the tree."},
            {"provider", &text(), "", "A provider of the host file that supplies it."},
        },
        "a path, or path and provider", "an env file");
    one.scalar = Shape::Scalar::text;
    return one;
  }();
  static const Shape env_files = [] {
    Shape one = env_file;  // one alone, or a list
    one.items = &env_file;
    one.wanted = "an env file or a list of them";
    return one;
  }();
  static const Shape required = [] {
    Shape one = text_map();
    one.items = &text();
    one.wanted = "a list of names, or names with expressions";
    return one;
  }();
  static const Shape shape = keys({
      {"env_file", &env_files, "[]", "Env files in the tree, read by Compose's rules."},
      {"set", &text_map(), "{}",
       "Variables that are said here; they win over env files, and ${NAME} is filled in."},
      {"required", &required, "{}",
       "Names that must have a value, each with the expression that the whole value matches."},
  });
  return shape;
}

const Shape& images() {
  static const Shape build = keys({
      {"no_cache", &truth(), "false", "Build without the Engine's cache."},
      {"pull", &truth(), "false", "Look for newer base images at each build."},
  });
  static const Shape shape = [] {
    Shape one = keys(
        {
            {"build", &build, "", "How the images are built."},
            {"also", &text_list(), "[]", "Images wanted on the host though no service names them."},
        },
        "build, pull or load, or build and also");
    one.scalar = Shape::Scalar::word;
    one.words = {"build", "pull", "load"};
    one.later_words = {"load"};
    return one;
  }();
  return shape;
}

const Shape& backup() {
  static const Shape keep = integer(1, longest_list);
  static const Shape shape = keys({
      {"exec", &text(), "", "The running service that writes the backup."},
      {"command", &texts(), "", "The command whose standard output is the backup."},
      {"contains", &text(), "",
       "Text that a whole backup contains, such as what the command writes at its end."},
      {"timeout", &duration(), "1h", "How long the command may take."},
      {"keep", &keep, "7", "Backups that are kept; the newest one always is."},
      {"every", &duration(), "", "`run` makes one at least that often, beside those of releases."},
  });
  return shape;
}

const Shape& restore() {
  static const Shape shape = keys({
      {"exec", &text(), "", "The running service that reads a backup."},
      {"command", &texts(), "", "The command whose standard input is the backup."},
      {"timeout", &duration(), "1h", "How long the command may take."},
  });
  return shape;
}

const Shape& preflight() {
  static const Shape one = [] {
    Shape step_ = step({
        {"network", &truth(), "false", "A run may use the service's networks."},
        {"volumes", &truth(), "false", "A run may use what the service mounts."},
    });
    step_.scalar = Shape::Scalar::text;
    step_.wanted = "a URL or a step";
    return step_;
  }();
  static const Shape shape = list_of(one, "a list of steps");
  return shape;
}

const Shape& release() {
  static const Shape shape = [] {
    Shape one = release_step();  // a service's name, a step, or a list of them
    static const Shape item = [] {
      Shape inner = release_step();
      inner.scalar = Shape::Scalar::text;
      inner.wanted = "a service or a step";
      return inner;
    }();
    one.scalar = Shape::Scalar::text;
    one.items = &item;
    one.wanted = "a service, a step or a list of steps";
    return one;
  }();
  return shape;
}

const Shape& switching() {
  static const Shape shape = keys({
      {"remove_orphans", &truth(), "false", "Remove the project's services that no file names."},
      {"protect", &text_list(), "[]",
       "A plan that replaces one of these services waits for approval."},
  });
  return shape;
}

const Shape& verify() {
  static const Shape shape = [] {
    Shape one = keys(
        {
            {"timeout", &duration(), "(what the slowest health check may need, at least 120s)",
             "How long the new version may take to become well."},
            {"stable", &duration(), "10s", "How long it must then stay well."},
            {"watch", &duration(), "", "How long `run` goes on looking afterwards."},
            {"checks", &checks(), "[]", "Checks beside the health of every service."},
        },
        "a list of checks, or timeout, stable and checks");
    one.items = checks().items;
    return one;
  }();
  return shape;
}

/// The keys that an environment may override, which are nearly all.
std::vector<Key> common_keys() {
  static const Shape on_failure = word({"rollback", "hold"});
  static const Shape drift = word({"heal", "report"});
  static const Shape keep = integer(0, 1000, {"all"});
  return {
      {"source", &source(), "", "Where the application's tree comes from; the tag points there."},
      {"compose", &compose(), "", "What is given to Compose."},
      {"data", &texts(), "[]", "Folders of the tree that services write to."},
      {"variables", &variables(), "", "The variables that Compose fills in."},
      {"images", &images(), "(what the compose file says)", "Where images come from."},
      {"preflight", &preflight(), "[]", "Checks before anything is changed."},
      {"backup", &backup(), "", "How a backup is made; before any once-a-tag task."},
      {"restore", &restore(), "", "How a backup is brought back."},
      {"release", &release(), "[]", "The work of a release: migrations and the like."},
      {"irreversible", &text_list(), "[]",
       "Tags with no way back past them, neither by itself nor by rollback."},
      {"switch", &switching(), "", "How services are changed."},
      {"verify", &verify(), "[]", "What makes a version well."},
      {"on_failure", &on_failure, "rollback", "What follows a failure."},
      {"drift", &drift, "heal", "Whether drift is healed or only reported."},
      {"keep", &keep, "3", "Images kept besides the current and the previous; or all."},
      {"state_files", &text(), "(under the state folder)",
       "The folder of current_tag and prev_tag; the host's policy must allow it."},
  };
}

}  // namespace

const Shape& environment_shape() {
  static const Shape promote = keys({
      {"from", &text(), "", "The environment where the version must have run well."},
      {"soak", &duration(), "0s", "For how long."},
  });
  static const Shape approval = word({"required"});
  static const Shape window = keys({
      {"days", &text(), "Mon-Sun", "The days on which the target may change."},
      {"hours", &text(), "00:00-24:00", "The hours."},
      {"zone", &text(), "UTC", "The time zone of both."},
  });
  static const Shape shape = [] {
    std::vector<Key> all{
        {"tag", &text(), "", "The version wanted, read as it is written.", now, true},
        {"host", &text(), "(whoever serves it)", "The name of the host that serves it."},
        {"promote", &promote, "", "What must have run elsewhere before.", not_yet},
        {"approval", &approval, "", "A person must approve a change of version."},
        {"window", &window, "", "When the version may change.", not_yet},
    };
    for (auto& key : common_keys()) all.push_back(std::move(key));
    return keys(std::move(all), "keys and values", "an environment");
  }();
  return shape;
}

const Shape& manifest_shape() {
  static const Shape environments =
      map_of(environment_shape(), "names, each with the keys of an environment");
  static const Shape shape = [] {
    std::vector<Key> all{
        {"name", &text(), "(the folder's name)", "What the application is called."}};
    for (auto& key : common_keys()) all.push_back(std::move(key));
    all.push_back({"environments", &environments, "(the files under environments/)",
                   "The places where the application runs; each may override any key. {} where it "
                   "runs nowhere any more."});
    return keys(std::move(all), "keys and values", "a manifest");
  }();
  return shape;
}

}  // namespace reconciler
