#include "plugins/docker/discover/tag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "reconciler/base/filesystem.hpp"
#include "reconciler/base/text.hpp"
#include "reconciler/model/tag.hpp"

namespace reconciler::docker {
namespace {

constexpr size_t largest_state_file = 1024;

/// One that says which version runs.
struct Witness {
  std::string who;
  std::string tag;
};

std::string state_file(const std::string& folder, const char* name) {
  if (folder.empty()) return "";
  const auto text = read_file(folder + "/" + name, largest_state_file);
  return text ? std::string(trim(*text)) : "";
}

std::string tag_of(const std::string& image) {
  const auto colon = image.rfind(':');
  if (colon == std::string::npos || image.find('/', colon) != std::string::npos ||
      image.find('@') != std::string::npos || image.starts_with("sha256:"))
    return "";
  return image.substr(colon + 1);
}

/// By service, the tags of the running images whose tag is a variable.
std::map<std::string, std::string> running_tags(const Reading& reading,
                                                const RunningProject& running) {
  std::map<std::string, std::string> tags;
  for (const auto& container : running.containers) {
    const Json& service =
        member_or_null(member_or_null(reading.written, "services"), container.service);
    if (variable_of_tag(text_at(service, "image")).empty()) continue;
    if (auto tag = tag_of(container.image); container.up && !tag.empty())
      tags[container.image] = std::move(tag);
  }
  return tags;
}

std::string images_in_words(size_t n) {
  return n == 1 ? "the image" : n == 2 ? "both images" : fmt::format("all {} images", n);
}

std::vector<Witness> witnesses(const Reading& reading, const RunningProject* running,
                               const Checkout& checkout, const std::string& state_files,
                               bool& mixed) {
  std::vector<Witness> all;
  if (auto tag = state_file(state_files, "current_tag"); !tag.empty())
    all.push_back({"current_tag", std::move(tag)});
  const std::string written = all.empty() ? "" : all.front().tag;
  std::map<std::string, std::string> images;
  if (running) images = running_tags(reading, *running);
  std::set<std::string> different;
  for (const auto& [image, tag] : images) different.insert(tag);
  mixed = different.size() > 1;
  const auto& tags = checkout.tags();
  if (!tags.empty()) {
    // Several tags may stand at one commit.
    const auto same = std::ranges::find_if(
        tags, [&](const std::string& tag) { return tag == written || different.contains(tag); });
    all.push_back({"HEAD", same == tags.end() ? tags.front() : *same});
  }
  if (different.size() == 1) all.push_back({images_in_words(images.size()), *different.begin()});
  return all;
}

/// What runs counts; then what was written of it; then what lies there.
std::string most_likely(const std::vector<Witness>& all) {
  for (const char* who : {"image", "current_tag", "HEAD"})
    for (const auto& one : all)
      if (one.who.find(who) != std::string::npos) return one.tag;
  return "";
}

std::string in_words(const std::vector<Witness>& all, const std::string& tag, bool& doubtful) {
  std::vector<std::string> agree;
  std::vector<std::string> others;
  for (const auto& one : all)
    (one.tag == tag ? agree : others)
        .push_back(one.tag == tag ? one.who : one.who + " says " + one.tag);
  doubtful = !others.empty();
  std::string words = enumerate(agree) + (agree.size() == 1 ? "" : " agree");
  if (agree.size() == 1) words = "from " + agree.front();
  return others.empty() ? words : words + "; " + join(others, ", ");
}

std::string discipline_of(const std::string& tag, const Checkout& checkout) {
  static const std::regex semver(R"(v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?)");
  static const std::regex commit("[0-9a-f]{7,40}");
  if (checkout.has_tag(tag)) return std::regex_match(tag, semver) ? "semver" : "any";
  return std::regex_match(tag, commit) && checkout.head().starts_with(tag) ? "commit" : "";
}

}  // namespace

std::string variable_of_tag(const std::string& image) {
  static const std::regex form(R"(:\$\{?([A-Za-z_]\w*)(?::?[-?+][^}]*)?\}?$)");
  std::smatch match;
  return std::regex_search(image, match, form) ? match[1].str() : "";
}

void find_tag(const Reading& reading, const RunningProject* running, const Checkout& checkout,
              Discovered& into) {
  bool mixed = false;
  const auto& folder = into.scripts.state_files;
  const auto all = witnesses(reading, running, checkout, folder, mixed);
  into.tag = most_likely(all);
  if (!into.tag.empty() && !check_tag(into.tag)) into.tag.clear();
  if (!into.tag.empty()) {
    into.tag_why = in_words(all, into.tag, into.tag_doubtful);
    if (const auto before = state_file(folder, "prev_tag"); !before.empty())
      into.tag_why += "; before it " + printable(before, 128);
  }
  if (mixed) {
    into.tag_doubtful = true;
    into.tag_why += into.tag_why.empty() ? "" : "; ";
    into.tag_why += "the images that run are of different tags";
  }
  std::set<std::string> variables;
  const Json& services = member_or_null(reading.written, "services");
  if (services.is_object())
    for (const auto& [name, service] : services.get_object())
      if (auto variable = variable_of_tag(text_at(service, "image"));
          !variable.empty() && variable != "TAG" && service.as_object().contains("build"))
        variables.insert(std::move(variable));
  into.tag_variables.assign(variables.begin(), variables.end());
  if (into.checkout && !into.tag.empty())
    into.checkout->discipline = discipline_of(into.tag, checkout);
}

}  // namespace reconciler::docker
