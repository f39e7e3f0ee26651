// libFuzzer: any bytes as a manifest, a host file and an env file.
//
//   cmake -S . -B BUILD -DCMAKE_CXX_COMPILER=clang++ -DRECONCILER_FUZZ=ON && ninja -C BUILD
//   manifest_fuzz
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "reconciler/base/expression.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/document.hpp"
#include "reconciler/manifest/env_file.hpp"
#include "reconciler/manifest/environment.hpp"
#include "reconciler/manifest/layers.hpp"
#include "reconciler/manifest/schema.hpp"

using namespace reconciler;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto document = parse_document("m.yaml", text)) {
    check(*document, manifest_shape());
    check(*document, host_shape());
    std::vector<Error> mistakes = check(*document, environment_shape(), Nulls::take_away);
    const Value merged = merge(long_form(*document), long_form(*document));
    read_environment({"app", "production"}, "app", merged, mistakes);
    for (const auto& mistake : mistakes) render(mistake);
  }
  parse_env_file(".env", text,
                 [](const std::string&) -> std::optional<std::string> { return std::nullopt; });
  if (const auto expression = Expression::compile(text.substr(0, text.find('\n'))))
    expression->found_in(text);
  return 0;
}
