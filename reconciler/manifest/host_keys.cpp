// The host file's keys.
#include "reconciler/manifest/shapes.hpp"

namespace reconciler {
namespace {

using namespace shapes;

const Shape& texts_by_name() {
  static const Shape shape = map_of(text_list(), "names, each with a list of text");
  return shape;
}

std::vector<Key> ssh_keys() {
  return {
      {"ssh_key", &text(), "", "The private key that is used over ssh."},
      {"known_hosts", &text(), "", "The file with the remote's pinned host keys."},
  };
}

const Shape& repositories() {
  static const Shape one = [] {
    std::vector<Key> all{
        {"url", &text(), "", "https, ssh, or an absolute path of this host."},
        {"branch", &text(), "(the remote's HEAD)", "The branch that is followed."},
        {"poll", &duration(), "60s", "How often it is asked for news."},
    };
    for (auto& key : ssh_keys()) all.push_back(std::move(key));
    Shape shape = keys(std::move(all), "a URL or a path, or its keys", "a repository");
    shape.scalar = Shape::Scalar::text;
    return shape;
  }();
  static const Shape shape = map_of(one, "names, each with a repository");
  return shape;
}

const Shape& sources() {
  static const Shape one = keys(ssh_keys(), "ssh_key and known_hosts", "a source");
  static const Shape shape = map_of(one, "URL prefixes or paths, each with its credentials");
  return shape;
}

const Shape& providers() {
  static const Shape value = [] {
    Shape shape = keys({{"file", &text(), "", "The file that holds the value."}}, "text or a file");
    shape.scalar = Shape::Scalar::text;
    return shape;
  }();
  static const Shape environment = map_of(value, "names, each with text or a file");
  static const Shape one = keys(
      {
          {"command", &text_list(), "",
           "The program that prints the variables: NAME=value lines, or a JSON object."},
          {"environment", &environment, "{}", "The environment of that program."},
          {"timeout", &duration(), "20s", "How long it may take."},
          {"refresh", &duration(), "10m", "Asked at most that often, and before each apply."},
          {"keep_last", &duration(), "0s",
           "How long its last answer is kept, sealed, for when it does not answer."},
          {"file", &text(), "", "The file that holds the variables."},
          {"from_environment", &text_list(), "", "Names taken from the reconciler's environment."},
      },
      "a provider", "a provider");
  static const Shape shape = map_of(one, "names, each with a provider");
  return shape;
}

const Shape& environments() {
  static const Shape one = keys(
      {
          {"files", &text_map(), "{}",
           "Real paths for places in the tree that are not in git, or must not come from it."},
          {"data", &text(), "(DATA/APP/ENV)", "This environment's data folder itself."},
          {"also_lock", &text_list(), "[]",
           "Locks of the old scripts (flock), taken and honoured while something is changed."},
          {"approvers", &text_list(), "[]", "Users of this host who may approve."},
      },
      "files and data", "an environment of this host");
  static const Shape shape = map_of(one, "APP/ENV, each with its keys");
  return shape;
}

const Shape& policy() {
  static const Shape allow = keys({
      {"docker_socket", &text_list(), "[]", "Services that may mount the Engine's socket."},
      {"privileged", &text_list(), "[]", "Services that may be privileged."},
      {"host_network", &text_list(), "[]", "Services that may use the host's network."},
      {"capabilities", &texts_by_name(), "{}", "Capabilities beyond the usual, by service."},
      {"devices", &texts_by_name(), "{}", "Devices, by service."},
      {"external", &text_list(), "[]", "Networks and volumes of others."},
  });
  static const Shape shape = keys({
      {"state_files", &text_list(), "[]", "Folders that state files may be written to."},
      {"binds", &text_list(), "[]", "Roots for absolute bind mounts."},
      {"allow", &allow, "{}", "What services may ask for beyond the default."},
  });
  return shape;
}

const Shape& trust() {
  static const Shape one = keys(
      {
          {"key", &text(), "", "The key that its evidence is signed with."},
          {"evidence", &text(), "", "Where its evidence is fetched."},
      },
      "key and evidence", "a trusted host");
  static const Shape shape = map_of(one, "names, each with key and evidence");
  return shape;
}

const Shape& hosts() {
  static const Shape one = keys(
      {
          {"url", &text(), "", "ssh://USER@HOST"},
          {"ssh_key", &text(), "", "The private key."},
          {"host_key", &text(), "", "The host's own key, pinned."},
      },
      "url, ssh_key and host_key", "a host");
  static const Shape shape = map_of(one, "names, each with a host");
  return shape;
}

const Shape& notify() {
  static const Shape one = keys(
      {
          {"type", &text(), "", "ntfy, webhook, ..."},
          {"url", &text(), "", "Where it is sent."},
          {"environments", &text_list(), "(all)", "Whose events."},
      },
      "type, url and environments", "a notification");
  static const Shape shape = map_of(one, "names, each with a notification");
  return shape;
}

const Shape& listen() {
  static const Shape shape = keys({
      {"http", &text(), "", "Address and port on TCP."},
      {"socket", &text(), "(in the state folder)", "The Unix socket."},
  });
  return shape;
}

}  // namespace

const Shape& host_shape() {
  static const Shape parallel = integer(1, 64);
  static const Shape shape = keys(
      {
          {"name", &text(), "local", "What environments call this host."},
          {"repositories", &repositories(), "{}", "The config repositories."},
          {"sources", &sources(), "{}", "Applications' own repositories, and their credentials."},
          {"serve", &text_list(), "(all whose `host` is its name, or who name none)",
           "The environments that this host serves."},
          {"data", &text(), "(STATE/data)", "Root for the data of environments."},
          {"backups", &text(), "(STATE/backups)", "Root for backups: ROOT/APP/ENV."},
          {"bundles", &text(), "(STATE/bundles)", "Where archives and bundles are looked for.",
           not_yet},
          {"build_cache", &text(), "(never touched)",
           "Budget of the Engine's build cache, such as 10GB; held after each build."},
          {"parallel", &parallel, "2", "Images supplied at a time."},
          {"look", &duration(), "60s",
           "How often `run` looks at each environment by the clock, whatever it hears of it."},
          {"providers", &providers(), "{}", "Where secrets and variables come from."},
          {"environments", &environments(), "{}", "What this host adds to an environment."},
          {"policy", &policy(), "{}", "What compose files may ask for."},
          {"trust", &trust(), "{}", "Whose evidence and signatures count here.", not_yet},
          {"hosts", &hosts(), "{}", "Where --host NAME goes.", not_yet},
          {"notify", &notify(), "{}", "Who is told.", not_yet},
          {"listen", &listen(), "{}", "Where HTTP is served.", not_yet},
      },
      "keys and values", "a host file");
  return shape;
}

}  // namespace reconciler
