#include "reconciler/manifest/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "reconciler/base/text.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/collisions.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/environment.hpp"
#include "reconciler/manifest/layers.hpp"
#include "reconciler/manifest/repository_files.hpp"

namespace reconciler {
namespace {

/// One application: its manifest, and the layers that its environments put over it.
class Application {
 public:
  Application(const std::string& root, const ApplicationFiles& files, const std::string& root_name,
              Manifests& out)
      : root_(root), files_(files), out_(out) {
    const auto slash = files.folder.rfind('/');
    name_ = files.folder.empty() ? root_name
                                 : files.folder.substr(slash == std::string::npos ? 0 : slash + 1);
  }

  void read() {
    mistakes_ = files_.mistakes;
    if (files_.manifest.empty()) return finish({});
    ++out_.files;
    auto document = read_document(root_ + "/" + files_.manifest, files_.manifest);
    if (!document) {
      for (auto& one : flatten(document.error())) mistakes_.push_back(std::move(one));
      out_.files += files_.environments.size();
      return finish({});
    }
    for (auto& one : check(*document, manifest_shape())) mistakes_.push_back(std::move(one));
    name(*document);
    base_ = long_form(std::move(*document));
    inner_layers();
    file_layers();
    if (layers_.empty() && !says_none_ && mistakes_.empty())
      mistakes_.push_back(
          error("manifest.missing", fmt::format("{} has no environment", name_))
              .at(whole_file(files_.manifest))
              .next("write one, such as environments/production.yaml with the line tag: v1.2.3; or "
                    "environments: {} where it is to have none"));
    std::vector<EnvironmentSpec> environments;
    for (auto& [environment, layer] : layers_) read_layer(environment, layer, environments);
    finish(std::move(environments));
  }

 private:
  struct Layer {
    Value node;
    bool own_file = false;
    std::vector<Error> mistakes{};
  };

  void name(const Value& document) {
    Place place = whole_file(files_.manifest);
    if (const Value* given = document.find("name"); given && given->is(Value::Kind::scalar)) {
      name_ = given->text;
      place = given->spot.place();
    }
    if (name_.empty() && place.line == 0) {
      mistakes_.push_back(error("manifest.missing",
                                "the application has no name, and at the root no folder gives one")
                              .at(std::move(place))
                              .next("add name: ..."));
      return;
    }
    if (auto good = check_name("application", name_); !good)
      mistakes_.push_back(std::move(good.error()).at(std::move(place)));
  }

  /// What stands under `environments:`.
  void inner_layers() {
    const Value* environments = base_.find("environments");
    if (!environments) return;
    says_none_ = environments->members.empty();
    for (const auto& member : environments->members) {
      if (auto good = check_name("environment", member.key); !good)
        mistakes_.push_back(std::move(good.error()).at(member.spot.place()));
      Layer layer{.node = long_form(member.value)};
      if (layer.node.is(Value::Kind::null)) layer.node.kind = Value::Kind::map;
      layer.node.spot = member.spot;
      layers_.emplace(member.key, std::move(layer));
    }
    std::erase_if(base_.members, [](const Member& one) { return one.key == "environments"; });
  }

  /// What stands in files of their own.
  void file_layers() {
    for (const auto& file : files_.environments) {
      ++out_.files;
      Layer layer{.node = {}, .own_file = true};
      if (auto good = check_name("environment", file.name); !good)
        layer.mistakes.push_back(std::move(good.error()).at(whole_file(file.path)));
      auto document = read_document(root_ + "/" + file.path, file.path);
      if (document) {
        for (auto& one : check(*document, environment_shape(), Nulls::take_away))
          layer.mistakes.push_back(std::move(one));
        layer.node = long_form(std::move(*document));
      } else {
        for (auto& one : flatten(document.error())) layer.mistakes.push_back(std::move(one));
      }
      const auto [first, fresh] = layers_.emplace(file.name, layer);
      if (!fresh) {
        const Spot where = first->second.node.spot;
        mistakes_.push_back(error("manifest.duplicate_key",
                                  fmt::format("environment {} stands in line {} of {} as well",
                                              file.name, where.line, files_.manifest))
                                .at(whole_file(file.path))
                                .next("keep one of them"));
      }
    }
  }

  void read_layer(const std::string& environment, Layer& layer,
                  std::vector<EnvironmentSpec>& environments) {
    const bool readable = layer.node.is(Value::Kind::map);
    std::vector<Error> found = std::move(layer.mistakes);
    EnvironmentSpec spec;
    if (readable && base_.is(Value::Kind::map)) {
      Value merged = merge(base_, layer.node);
      merged.spot = layer.node.spot;
      spec = read_environment({name_, environment}, files_.folder, merged, found);
    }
    // A mistake in the manifest itself is everyone's; one in an environment's own file is its own.
    const auto own = std::stable_partition(found.begin(), found.end(), [&](const Error& e) {
      return e.place.file == files_.manifest;
    });
    const bool inherited = own != found.begin();
    const bool of_its_own = own != found.end();
    std::vector<Error> mine(own, found.end());
    found.erase(own, found.end());
    for (auto& one : found) mistakes_.push_back(std::move(one));
    if (of_its_own)
      out_.broken.push_back({name_, environment, gather(tidy(std::move(mine)))});
    else if (!inherited)
      environments.push_back(std::move(spec));
  }

  void finish(std::vector<EnvironmentSpec> environments) {
    if (!mistakes_.empty()) {
      out_.broken.push_back({name_, "", gather(tidy(std::move(mistakes_)))});
      return;
    }
    for (auto& one : environments) out_.environments.push_back(std::move(one));
  }

  const std::string& root_;
  const ApplicationFiles& files_;
  Manifests& out_;
  std::string name_;
  Value base_;
  std::map<std::string, Layer> layers_;
  bool says_none_ = false;       // `environments: {}`: the last one was taken out
  std::vector<Error> mistakes_;  // of the manifest, and so of all its environments
};

}  // namespace

std::vector<Error> Manifests::mistakes() const {
  std::vector<Error> out;
  for (const auto& one : broken)
    for (auto& mistake : flatten(one.error)) out.push_back(std::move(mistake));
  return tidy(std::move(out));
}

Result<Manifests> read_manifests(const std::string& folder, const std::string& root_name) {
  auto applications = find_applications(folder);
  if (!applications) return failed(applications);
  if (applications->empty())
    return failure(
        error("manifest.none", fmt::format("no folder of {} has a reconciler.yaml", folder))
            .next("write one: reconciler init"));
  Manifests out;
  for (const auto& files : *applications) Application(folder, files, root_name, out).read();
  refuse_collisions(out);
  std::ranges::sort(out.environments, {}, &EnvironmentSpec::id);
  std::set<std::string> wrong;
  for (const auto& mistake : out.mistakes()) wrong.insert(mistake.place.file);
  out.files_wrong = wrong.size();
  return out;
}

Place place_at(const Places& places, std::string_view pointer) {
  if (pointer.starts_with('#')) pointer.remove_prefix(1);
  for (;;) {
    if (const auto found = places.find(std::string(pointer)); found != places.end())
      return found->second;
    if (pointer.empty()) return {};
    const auto slash = pointer.rfind('/');
    pointer = pointer.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
}

}  // namespace reconciler
