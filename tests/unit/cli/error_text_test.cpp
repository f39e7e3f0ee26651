// Errors at the widths that terminals have.
#include "reconciler/cli/error_text.hpp"

#include <gtest/gtest.h>

namespace reconciler::cli {
namespace {

Error not_well() {
  return error("verify.failed",
               "v1.2.4 is not well; portfolio/production is back at v1.2.3, and well")
      .with("not undone", "the release of v1.2.4: 1 migration stays in the database")
      .with("held", "v1.2.4 is not tried again by itself")
      .next("commit another tag; or the same again: reconciler retry portfolio/production");
}

TEST(ErrorText, WhereItFitsAsInAPipe) {
  EXPECT_EQ(render(not_well(), {.width = 100}), reconciler::render(not_well()));
}

TEST(ErrorText, NarrowerItIsWrappedUnderItself) {
  EXPECT_EQ(render(not_well(), {.width = 60}),
            "error verify.failed: v1.2.4 is not well;\n"
            "      portfolio/production is back at v1.2.3, and well\n"
            "  not undone  the release of v1.2.4: 1 migration stays in\n"
            "              the database\n"
            "  held        v1.2.4 is not tried again by itself\n"
            "  next        commit another tag; or the same again:\n"
            "              reconciler retry portfolio/production\n");
}

TEST(ErrorText, PlacesStayAsEditorsReadThem) {
  const Error e = error("compose.service_unknown", "no service \"backnd\" at v1.2.3")
                      .at({"portfolio/reconciler.yaml", 17, 13, 6,
                           "  - { exec: backnd, command: celery inspect ping }"})
                      .next("did you mean \"backend\"?");
  EXPECT_EQ(render(e, {.width = 40}), reconciler::render(e));
}

}  // namespace
}  // namespace reconciler::cli
