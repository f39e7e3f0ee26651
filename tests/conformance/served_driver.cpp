// A driver of this tree as a program of its own: served_driver files|probe.
#include <string_view>

#include "plugins/files/driver.hpp"
#include "plugins/probe/driver.hpp"
#include "reconciler/driver/serve.hpp"
#include "tests/conformance/fixed_helper.hpp"

using namespace reconciler;

int main(int argc, char** argv) {
  SystemClock clock;
  conformance::FixedHelper helper;
  files::FilesDriver files;
  probe::ProbeDriver probe(helper);
  const std::string_view name = argc == 2 ? argv[1] : "";
  if (name == "files") return serve(files, clock);
  if (name == "probe") return serve(probe, clock);
  return 64;
}
