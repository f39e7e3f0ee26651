#include "plugins/docker/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plugins/docker/services/names.hpp"
#include "reconciler/base/shell.hpp"
#include "reconciler/base/text.hpp"

namespace reconciler::docker {
namespace {

std::string words(const std::vector<std::string>& all) {
  std::vector<std::string> quoted;
  for (const auto& word : all) quoted.push_back(shell_word(word));
  return join(quoted, " ");
}

class Lines {
 public:
  Lines(const CompiledModel* model, const std::vector<std::string>& files, const Work& work)
      : model_(model), files_(files), work_(work) {}

  std::vector<std::string> operator()() {
    const auto kind = text_at(work_.input, "kind");
    if (kind == "run") {
      run_task();
    } else if (kind == "exec") {
      std::vector<std::string> line{"docker", "exec", last_word(work_.calls)};
      for (auto& word : texts_at(work_.input, "command")) line.push_back(std::move(word));
      add(line);
    } else if (kind == "backup" || kind == "restore") {
      through_a_file(kind == "restore");
    } else if (kind == "services" || kind == "service") {
      compose({"ps", "--all"}, kind == "service" ? text_at(work_.input, "service") : "");
    } else if (kind == "logs") {
      const auto service = text_at(work_.input, "service");
      compose({"logs"}, service == "*" ? "" : service);
    } else {
      for (const auto& call : work_.calls) line_of(split(call, ' '));
      if (const auto folder = text_at(work_.input, "folder"); !folder.empty())
        add({"mkdir", "-p", folder});
      if (work_.verb == "switch" && !made_.empty()) in_one();
    }
    return std::move(out_);
  }

 private:
  static std::string last_word(const std::vector<std::string>& calls) {
    return calls.empty() ? "" : split(calls.back(), ' ').back();
  }

  /// What a command writes, or is given.
  void through_a_file(bool given) {
    std::vector<std::string> line{"docker", "exec"};
    if (given) line.emplace_back("-i");
    line.push_back(last_word(work_.calls));
    for (auto& word : texts_at(work_.input, "command")) line.push_back(std::move(word));
    const auto folder = text_at(work_.input, "folder");
    if (given)
      out_.push_back(words(line) + " <" + words({folder + "/" + text_at(work_.input, "file")}));
    else
      out_.push_back(words(line) + " >" + words({folder}) + "/$(date -u +%Y%m%dT%H%M%SZ).backup");
  }

  void add(const std::vector<std::string>& line) { out_.push_back(words(line)); }
  void say(const std::string& text) { out_.push_back("# " + text); }

  std::vector<std::string> compose_start() const {
    std::vector<std::string> line{"docker", "compose"};
    if (model_) line.insert(line.end(), {"-p", model_->project});
    for (const auto& file : files_) line.insert(line.end(), {"-f", file});
    return line;
  }
  void compose(const std::vector<std::string>& arguments, const std::string& service) {
    auto line = compose_start();
    line.insert(line.end(), arguments.begin(), arguments.end());
    if (!service.empty()) line.push_back(service);
    add(line);
  }

  const Container* container(const std::string& name) const {
    if (!model_) return nullptr;
    for (const auto& one : model_->containers)
      for (const auto& its : {one.name, next_name(one.name), prev_name(one.name)})
        if (its == name) return &one;
    return nullptr;
  }

  void run_task() {
    std::vector<std::string> arguments{"run", "--no-deps"};
    arguments.push_back(text_at(work_.input, "service"));
    for (auto& word : texts_at(work_.input, "command")) arguments.push_back(std::move(word));
    compose(arguments, "");
  }

  /// One declared call; its grammar stands in services/moves.hpp.
  void line_of(const std::vector<std::string>& call) {
    const std::string verb = call.at(0) + " " + (call.size() > 1 ? call[1] : "");
    const std::string name = call.size() > 2 ? call[2] : "";
    const std::string other = call.size() > 3 ? call[3] : "";
    if (verb == "POST /networks/create" || verb == "POST /volumes/create") {
      const std::string thing = verb == "POST /networks/create" ? "network" : "volume";
      say("with the labels and options that the compose files give it:");
      add({"docker", thing, "create", name});
    } else if (verb == "DELETE /networks") {
      add({"docker", "network", "rm", name});
    } else if (verb == "POST /containers/create") {
      create(name);
    } else if (verb == "POST /networks/connect") {
      connect(name, other);
    } else if (verb == "PUT /containers/archive") {
      copy(name);
    } else if (verb == "POST /containers/update") {
      update(name);
    } else if (verb == "POST /containers/exec") {
      say(fmt::format("one of the service's hooks is run in {}; the compose files have it", name));
    } else if (verb == "POST /build") {
      compose({"build"}, text_at(work_.input, "service"));
    } else {
      plain(verb, name, other, call);
    }
  }

  /// What the docker command calls just so.
  void plain(const std::string& verb, const std::string& name, const std::string& other,
             const std::vector<std::string>& call) {
    static const std::map<std::string, std::vector<std::string>> known = {
        {"POST /containers/stop", {"stop"}},
        {"POST /containers/rename", {"rename"}},
        {"POST /containers/start", {"start"}},
        {"POST /containers/unpause", {"unpause"}},
        {"DELETE /containers", {"rm"}},
        {"POST /images/tag", {"tag"}},
        {"POST /images/create", {"pull"}},
        {"DELETE /images", {"rmi"}},
        {"POST /build/prune", {"builder", "prune"}}};
    const auto found = known.find(verb);
    if (found == known.end()) {
      if (verb != "POST /exec/start")
        say(fmt::format("no docker line does this: {}", join(call, " ")));
      return;
    }
    std::vector<std::string> line{"docker"};
    line.insert(line.end(), found->second.begin(), found->second.end());
    if (verb == "POST /build/prune")
      line.push_back(fmt::format("--keep-storage={}", number_at(work_.input, "budget")));
    for (const auto& word : {name, other})
      if (!word.empty()) line.push_back(word);
    add(line);
  }

  void create(const std::string& name) {
    const Container* one = container(name);
    if (!one) return say(fmt::format("{} is created as the compose files say", name));
    made_.push_back(one->service);
    say(
        fmt::format("{} is created from {}, beside what runs and with all that the compose files "
                    "say;",
                    name, text_at(one->config, "Image")));
    say("no docker line has all of that under that name");
  }

  void connect(const std::string& network, const std::string& name) {
    std::vector<std::string> line{"docker", "network", "connect"};
    if (const Container* one = container(name))
      for (const auto& endpoint : one->endpoints)
        if (endpoint.network == network)
          for (auto& alias : texts_at(endpoint.config, "Aliases"))
            line.insert(line.end(), {"--alias", std::move(alias)});
    line.insert(line.end(), {network, name});
    add(line);
  }

  void copy(const std::string& name) {
    const Container* one = container(name);
    if (!one) return say(fmt::format("files are copied into {}", name));
    // One call a file, in the model's order.
    const auto& file = one->files.at(std::min(copied_[name]++, one->files.size() - 1));
    add({"docker", "cp", "FILE", name + ":" + file.path});
  }

  /// Of one that is kept the restart policy is taken away; of one that serves again it is put back.
  void update(const std::string& name) {
    const Container* one = container(name);
    std::string policy = "no";
    if (one && name == one->name) {
      const Json& given =
          member_or_null(member_or_null(one->config, "HostConfig"), "RestartPolicy");
      policy = text_at(given, "Name").empty() ? "no" : text_at(given, "Name");
      if (const auto most = number_at(given, "MaximumRetryCount"); most > 0)
        policy += fmt::format(":{}", most);
    }
    add({"docker", "update", "--restart=" + policy, name});
  }

  void in_one() {
    std::ranges::sort(made_);
    made_.erase(std::unique(made_.begin(), made_.end()), made_.end());
    say("all of this in one, the old container gone before the new one is known to be well:");
    std::vector<std::string> arguments{"up", "-d", "--no-deps", "--no-build"};
    arguments.insert(arguments.end(), made_.begin(), made_.end());
    compose(arguments, "");
  }

  const CompiledModel* model_;
  const std::vector<std::string>& files_;
  const Work& work_;
  std::vector<std::string> out_;
  std::vector<std::string> made_;         ///< services that get a new container
  std::map<std::string, size_t> copied_;  ///< how many files of it so far
};

}  // namespace

std::vector<std::string> commands_of(const CompiledModel* model,
                                     const std::vector<std::string>& files, const Work& work) {
  return Lines(model, files, work)();
}

}  // namespace reconciler::docker
