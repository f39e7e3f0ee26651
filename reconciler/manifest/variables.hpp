// The variables of an environment, from env files, `set` and what is always there.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconciler/base/result.hpp"
#include "reconciler/model/application.hpp"
#include "reconciler/model/variables.hpp"

namespace reconciler {

/// What a provider of the host file says, asked to read `file` (absolute, or empty): an env file's
/// text, or JSON; `literal`: a `$` in it is a `$`.
struct Provided {
  Secret text;
  bool literal = true;
};
using Provide =
    std::function<Result<Provided>(const std::string& provider, const std::string& file)>;

/// Reads and fills in all variables; TAG, COMMIT, APPLICATION and ENVIRONMENT are among them, and
/// nothing comes from the process's own environment. Values of env files are secret, and so is what
/// `set` makes of them.
///
/// `tree` is the folder that env files are relative to, and they are reached through no symlink;
/// `files` are the host file's real paths for places in it (`.env.production` ->
/// `/opt/portfolio/.env.production`), which win.
///
/// Errors, all found at once, none of them with a value in it: `variables.no_file`, `.syntax`,
/// `.conflict` (one name, two values), `.cycle`, `compose.env_redirect`; else `variables.missing`
/// with everything that is required or referred to and not set, empty or of the wrong form. What a
/// provider does not answer is that error alone: nothing else can be said then.
Result<Variables> load_variables(const EnvironmentSpec& spec, const std::string& commit,
                                 const std::string& tree,
                                 const std::map<std::string, std::string>& files,
                                 const Provide& provide);

/// The same as far as they go: what is set, whatever else is missing. The other errors as above.
Result<Variables> known_variables(const EnvironmentSpec& spec, const std::string& commit,
                                  const std::string& tree,
                                  const std::map<std::string, std::string>& files,
                                  const Provide& provide);

/// One row of `variables.missing`.
struct MissingVariable {
  enum class What { not_set, empty, wrong_form };
  std::string name;
  What what = What::not_set;
  std::string where{};  ///< who wants it: `docker-compose.prod.yml:41  nginx`
  std::string hint{};   ///< may be empty
};

/// The error of transcript 6: a row each, what was looked in, and what to do.
Error missing_variables(const EnvironmentId& id, const std::vector<MissingVariable>& missing,
                        const std::vector<std::string>& looked_in, const std::string& mend);

}  // namespace reconciler
