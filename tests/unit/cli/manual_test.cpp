#include "reconciler/cli/manual.hpp"

#include <gtest/gtest.h>

#include "parser.hpp"
#include "reconciler/cli/described.hpp"

namespace reconciler::cli {
namespace {

TEST(Manual, AVerbsPageHasAllThatItsHelpHas) {
  const SmallParser parser;
  const auto pages = manual(parser.app, "1.2.3");
  EXPECT_EQ(pages.at("reconciler-deploy.1"),
            R"(.TH RECONCILER\-DEPLOY 1 "" "reconciler 1.2.3" "reconciler"
.nh
.ad l
.SH NAME
reconciler\-deploy \- bring a version
.SH SYNOPSIS
.B reconciler deploy
[\fIoption\fR ...]
\fIenvironment\fR
[\fBfast\fR | \fBslow\fR]
[\fIservice\fR ...]
.SH DESCRIPTION
Bring a version. Not by itself.
.PP
0 done; 1 failed.
.SH OPTIONS
.TP
\fIenvironment\fR
APP/ENV.
.TP
\fIhow\fR
Fast or slow.
.TP
\fIservice\fR
Only these.
.TP
\fB\-\-out\fR \fIFILE\fR
Where to.
.TP
\fB\-y\fR, \fB\-\-yes\fR
Do not ask.
.PP
What all verbs take is in
.BR reconciler (1).
.SH EXAMPLES
.EX
reconciler deploy web/stage
reconciler deploy web/stage fast \-\-yes
.EE
.SH SEE ALSO
.BR reconciler (1)
)");
}

TEST(Manual, TheProgramsPageHasEachVerbAndWhatAllTake) {
  const SmallParser parser;
  const auto pages = manual(parser.app, "1.2.3");
  EXPECT_EQ(pages.size(), 3U) << "one a verb, none for what --help does not show";
  const std::string& page = pages.at("reconciler.1");
  for (const std::string part :
       {".SH VERBS\n.TP\n\\fBdeploy\\fR\nBring a version. Not by itself.\n.TP\n\\fBversion\\fR\n",
        "\\fB\\-\\-state\\-dir\\fR \\fIFOLDER\\fR\nLedger, trees (default: "
        "/var/lib/reconciler); RECONCILER_STATE_DIR says the same.\n",
        "\\fBRECONCILER_STATE_DIR\\fR\nThe same as \\-\\-state\\-dir.\n",
        ".SH SEE ALSO\n.BR reconciler\\-deploy (1),\n.BR reconciler\\-version (1)\n"})
    EXPECT_NE(page.find(part), std::string::npos) << part << "\nis not in\n" << page;
  EXPECT_EQ(page.find("hidden"), std::string::npos);
}

TEST(Manual, TheRealOneHasAPageForEachVerb) {
  const WholeParser parser;
  const auto pages = manual(parser.app, "1.2.3");
  for (const auto* verb : verbs_of(parser.app))
    EXPECT_TRUE(pages.contains("reconciler-" + verb->get_name() + ".1")) << verb->get_name();
  EXPECT_FALSE(pages.contains("reconciler-manual.1"));
}

}  // namespace
}  // namespace reconciler::cli
