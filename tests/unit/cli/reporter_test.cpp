// What a person sees while an apply goes on, and what is left of it.
#include "reconciler/cli/reporter.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "tests/unit/cli/terminal_model.hpp"

namespace reconciler::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class StandingClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return {}; }
  bool wait_until(Instant until, std::stop_token) override {
    now_ = until;
    return true;
  }
  void pass(Duration d) { now_ += d; }

 private:
  Instant now_{};
};

Action action(Phase phase, std::string verb, std::string title) {
  Action one;
  one.work.phase = phase;
  one.work.verb = std::move(verb);
  one.title = std::move(title);
  return one;
}

class Reports : public testing::Test {
 protected:
  /// What the terminal shows by now.
  std::string shown() {
    terminal.write(out.str());
    bytes += out.str().size();
    out.str("");
    return terminal.shown();
  }
  void resize(size_t width) {
    shown();
    terminal.resize(width);
    page.width = width;
  }
  /// So many seconds, drawn as they pass.
  void pass(Duration d) {
    clock.pass(d);
    reporter.redraw();
  }

  StandingClock clock;
  Page page{.width = 80, .terminal = true};
  std::ostringstream out;
  TerminalModel terminal{80};
  size_t bytes = 0;
  Reporter reporter{out, clock, [this] { return page; }};
  const Action backend = action(Phase::supply, "build", "portfolio-backend:v1.2.3");
  const Action frontend = action(Phase::supply, "build", "portfolio-frontend:v1.2.3");
  const Action change = action(Phase::change, "switch", "backend, frontend");
  const Action service = action(Phase::verify, "verify", "2 services");
  const Action page_check = action(Phase::verify, "verify", "https://example.com/");
};

TEST_F(Reports, EachThatIsUnderWayHasALineThatBecomesTheOneOfWhatCameOfIt) {
  reporter.started(backend);
  reporter.started(frontend);
  pass(12s);
  reporter.line(backend, "Step 3/8 : RUN pip install -r requirements.txt and something longer\n");
  pass(50s);
  EXPECT_EQ(shown(),
            "  … build    portfolio-backend:v1.2.3        1 min 2 s   Step 3/8 : RUN pip ins\n"
            "  … build    portfolio-frontend:v1.2.3       1 min 2 s\n");
  reporter.finished(frontend, 62s, "");
  pass(1s);
  EXPECT_EQ(shown(),
            "  ✓ build    portfolio-frontend:v1.2.3       1 min 2 s\n"
            "  … build    portfolio-backend:v1.2.3        1 min 3 s   Step 3/8 : RUN pip ins\n");
  reporter.finished(backend, 63s, "");
  reporter.ended();
  EXPECT_EQ(shown(),
            "  ✓ build    portfolio-frontend:v1.2.3       1 min 2 s\n"
            "  ✓ build    portfolio-backend:v1.2.3        1 min 3 s\n");
}

TEST_F(Reports, WhatShowsNothingNewIsNotDrawn) {
  reporter.started(backend);
  pass(1s);
  shown();
  const size_t before = bytes;
  pass(250ms);
  pass(250ms);
  shown();
  EXPECT_EQ(bytes, before);
  for (int i = 0; i < 1000; ++i) reporter.line(backend, std::to_string(i));
  shown();
  EXPECT_LT(bytes, before + 200) << "a thousand lines at once are drawn once";
  pass(250ms);
  EXPECT_THAT(shown(), HasSubstr("   999\n"));
}

TEST_F(Reports, ResizingLeavesNothingOver) {
  reporter.finished(frontend, 31s, "a word");
  reporter.started(backend);
  reporter.started(change);
  pass(5s);
  reporter.line(backend, "Step 3/8 : RUN pip install -r requirements.txt and something longer\n");
  pass(1s);
  for (const size_t width : {60U, 33U, 200U, 100U, 20U, 80U}) {
    resize(width);
    pass(1s);
  }
  EXPECT_EQ(shown(),
            "  ✓ build    portfolio-frontend:v1.2.3          31 s   a word\n"
            "  … build    portfolio-backend:v1.2.3           12 s   Step 3/8 : RUN pip insta\n"
            "  … switch   backend, frontend                  12 s\n");
}

TEST_F(Reports, OnANarrowOneTheTimeStaysInSight) {
  resize(60);
  reporter.started(backend);
  reporter.line(backend, "Step 3/8 : RUN pip install");
  pass(48s);
  EXPECT_EQ(shown(), "  … build    portfolio-backend:v1.2.3  48 s   Step 3/8 : RU\n");
  resize(24);
  pass(1s);
  EXPECT_EQ(shown(), "  … build    port  49 s\n");
}

TEST_F(Reports, WhatWasWrittenBeforeTheNewWidthWasHeardOfLeavesNoRow) {
  page.width = 100;
  resize(100);
  reporter.started(backend);
  reporter.line(backend, std::string(90, 'b'));
  pass(1s);
  shown();
  terminal.resize(60);
  pass(1s);
  shown();
  resize(60);
  pass(1s);
  EXPECT_EQ(shown(), "  … build    portfolio-backend:v1.2.3  3 s   bbbbbbbbbbbbbb\n");
}

TEST_F(Reports, MoreThanThereAreRowsAreCounted) {
  page.height = 4;
  std::vector<Action> all;
  for (int i = 0; i < 6; ++i)
    all.push_back(action(Phase::supply, "build", "image-" + std::to_string(i)));
  for (const auto& one : all) reporter.started(one);
  EXPECT_EQ(shown(),
            "  … build    image-0                             0 s\n"
            "  … build    image-1                             0 s\n"
            "    and 4 more\n");
  for (const auto& one : all) reporter.finished(one, 1s, "");
  EXPECT_THAT(shown(), Not(HasSubstr("more")));
}

TEST_F(Reports, ChecksAreOneLine) {
  reporter.started(service);
  EXPECT_EQ(shown(), "  … verify   2 services                          0 s\n");
  reporter.started(page_check);
  pass(3s);
  reporter.line(page_check, "1 of 2 well; https://example.com/: 502, wanted 200");
  pass(1s);
  EXPECT_EQ(shown(),
            "  … verify   2 checks                            4 s   1 of 2 well; https://exa\n");
  reporter.failed(page_check, 4s, "502, wanted 200; asked 8 times", {"upstream is gone"});
  EXPECT_EQ(shown(),
            "  ✗ verify   https://example.com/                4 s\n"
            "               502, wanted 200; asked 8 times\n"
            "      upstream is gone\n");
}

TEST_F(Reports, AStopIsSaidAtOnceAboveWhatItWaitsFor) {
  reporter.started(change);
  shown();
  terminal.write("^C");
  reporter.stopping(out);
  EXPECT_EQ(shown(),
            "stopping at the next safe point: waits for switch backend, frontend; once more\n"
            "ends at once\n"
            "  … switch   backend, frontend                   0 s\n");
  terminal.write("^C");
  reporter.ending(out);
  EXPECT_EQ(shown(),
            "stopping at the next safe point: waits for switch backend, frontend; once more\n"
            "ends at once\n"
            "ended at once, in the midst of switch backend, frontend; what is left of it:\n"
            "reconciler status\n");
}

TEST_F(Reports, AfterCtrlZWhatOthersWroteStays) {
  reporter.started(change);
  shown();
  terminal.write("\n[1]+  Stopped   reconciler apply\n$ fg\nreconciler apply\n");
  reporter.redraw_below();
  pass(1s);
  EXPECT_EQ(shown(),
            "  … switch   backend, frontend                   0 s\n"
            "[1]+  Stopped   reconciler apply\n"
            "$ fg\n"
            "reconciler apply\n"
            "  … switch   backend, frontend                   1 s\n");
}

TEST_F(Reports, InAPipeThereIsWhatCameOfItAndWhatAReleaseSaid) {
  page.terminal = false;
  const Action release = action(Phase::release, "release", "migrate");
  reporter.started(backend);
  reporter.line(backend, "Step 3/8");
  reporter.redraw();
  reporter.finished(backend, 48s, "");
  reporter.started(release);
  reporter.line(release, "Applying 0012_slug... \x1b[32mOK\x1b[0m");
  reporter.failed(release, 6s, "exit code 1", {"Applying 0012_slug... OK"});
  reporter.ended();
  EXPECT_EQ(out.str(),
            "  ✓ build    portfolio-backend:v1.2.3           48 s\n"
            "      Applying 0012_slug... ?[32mOK?[0m\n"
            "  ✗ release  migrate                             6 s   exit code 1\n"
            "\n");
}

TEST_F(Reports, WhatWasRecordedAndWhatWasPrunedIsALineEach) {
  Action row = action(Phase::record, "record", "v1.2.3");
  row.work.targets = {{"ledger", "record", "v1.2.3"}};
  const Action current = action(Phase::record, "record", "current_tag v1.2.3");
  const Action previous = action(Phase::record, "record", "prev_tag v1.2.2");
  const Action kept = action(Phase::prune, "prune", "portfolio-backend-1.prev");
  Action image = action(Phase::prune, "prune", "portfolio-backend:v1.2.1");
  image.artifact = true;
  Action used = action(Phase::prune, "prune", "portfolio-frontend:v1.2.1");
  used.artifact = true;
  page.terminal = false;
  reporter.finished(row, 0ms, "");
  for (const auto* one : {&current, &previous}) {
    reporter.started(*one);
    reporter.finished(*one, 2ms, one->title);
  }
  EXPECT_EQ(out.str(), "");
  for (const Action* one : std::initializer_list<const Action*>{&kept, &image}) {
    reporter.started(*one);
    reporter.finished(*one, 600ms, "");
  }
  EXPECT_EQ(out.str(), "  ✓ record   current_tag v1.2.3, prev_tag v1.2.2\n");
  reporter.finished(used, 0ms, "it stays: portfolio/stage counts on it now");
  reporter.finished(image, 1s, "");
  reporter.ended();
  reporter.finished(row, 0ms, "");
  reporter.started(current);
  reporter.failed(current, 1s, "it cannot be written", {});
  EXPECT_EQ(
      out.str(),
      "  ✓ record   current_tag v1.2.3, prev_tag v1.2.2\n"
      "  ✓ prune    1 container, 1 image                1 s\n"
      "  ✓ prune    portfolio-frontend:v1.2.1           0 s   it stays: portfolio/stage counts on "
      "it now\n"
      "  ✓ prune    portfolio-backend:v1.2.1            1 s\n"
      "  ✓ record   v1.2.3\n"
      "  ✗ record   current_tag v1.2.3                  1 s   it cannot be written\n");
}

TEST_F(Reports, OnATerminalTheyStandAboveWhatIsUnderWay) {
  const Action kept = action(Phase::prune, "prune", "portfolio-backend-1.prev");
  const Action trim = action(Phase::prune, "trim", "build cache");
  reporter.started(kept);
  reporter.finished(kept, 1s, "");
  EXPECT_EQ(shown(), "");
  reporter.started(trim);
  EXPECT_EQ(shown(),
            "  ✓ prune    portfolio-backend-1.prev            1 s\n"
            "  … trim     build cache                         0 s\n");
  reporter.finished(trim, 1s, "2 GB freed");
  reporter.started(kept);
  reporter.finished(kept, 1s, "");
  reporter.stopping(out);
  EXPECT_EQ(shown(),
            "  ✓ prune    portfolio-backend-1.prev            1 s\n"
            "  ✓ trim     build cache                         1 s   2 GB freed\n"
            "  ✓ prune    portfolio-backend-1.prev            1 s\n"
            "stopping at the next safe point; once more ends at once\n");
}

TEST_F(Reports, TheWayBackIsSeen) {
  page.terminal = false;
  const Action step = action(Phase::release, "release", "static");
  const Action healed = action(Phase::change, "start", "db");
  Plan back;
  back.to = "v1.2.2";
  reporter.failed(page_check, 4s, "500, wanted 200", {});
  reporter.going_back(back);
  reporter.finished(step, 2s, "131 files");
  reporter.finished(step, 2s, "");
  reporter.finished(change, 2s, "the containers that ran before");
  reporter.finished(healed, 1s, "");
  reporter.ended();
  reporter.finished(change, 2s, "");
  EXPECT_EQ(
      out.str(),
      "  ✗ verify   https://example.com/                4 s   500, wanted 200\n"
      "  ✓ release  static                              2 s   v1.2.2's again: 131 files\n"
      "  ✓ release  static                              2 s   v1.2.2's again\n"
      "  ✓ rollback backend, frontend -> v1.2.2         2 s   the containers that ran before\n"
      "  ✓ start    db                                  1 s\n"
      "\n"
      "  ✓ switch   backend, frontend                   2 s\n");
}

TEST_F(Reports, TheSignAloneIsColoured) {
  page.colour = true;
  page.terminal = false;
  reporter.finished(backend, 48s, "");
  reporter.failed(change, 3s, "why", {});
  EXPECT_EQ(out.str(),
            "  \x1b[32m✓\x1b[0m build    portfolio-backend:v1.2.3           48 s\n"
            "  \x1b[31m✗\x1b[0m switch   backend, frontend                   3 s   why\n");
}

TEST_F(Reports, InAsciiAllLinesAreInStep) {
  page.utf8 = false;
  reporter.finished(backend, 48s, "");
  reporter.failed(change, 3s, "why", {});
  reporter.started(frontend);
  reporter.line(frontend, "→ done");
  pass(1s);
  EXPECT_EQ(shown(),
            "  ok     build    portfolio-backend:v1.2.3           48 s\n"
            "  FAILED switch   backend, frontend                   3 s   why\n"
            "  ...    build    portfolio-frontend:v1.2.3           1 s   -> done\n");
}

std::string result(size_t width) {
  return result_line(false, "verify   https://api.example.com/healthz", 120s,
                     "500, wanted 200; the body says that the database is away; asked 24 times",
                     {.width = width, .terminal = true});
}

TEST(ResultLine, TheReasonIsWrappedUnderItself) {
  EXPECT_EQ(result(200),
            "  ✗ verify   https://api.example.com/healthz   2 min   500, wanted 200; the body says "
            "that the database is away; asked 24 times\n");
  EXPECT_EQ(
      result(100),
      "  ✗ verify   https://api.example.com/healthz   2 min   500, wanted 200; the body says "
      "that the\n"
      "                                                       database is away; asked 24 times\n");
  EXPECT_EQ(result(80),
            "  ✗ verify   https://api.example.com/healthz   2 min\n"
            "               500, wanted 200; the body says that the database is away; asked\n"
            "               24 times\n");
  EXPECT_EQ(result(60),
            "  ✗ verify   https://api.example.com/healthz   2 min\n"
            "               500, wanted 200; the body says that the\n"
            "               database is away; asked 24 times\n");
}

TEST(ResultLine, LongTitlesAreWrappedAfterACommaAndKeepTheTimeBesideThem) {
  EXPECT_EQ(result_line(true, "switch   backend, celery_beat, celery_worker, frontend, nginx", 3s,
                        "each down for 2 s", {.width = 60, .terminal = true}),
            "  ✓ switch   backend, celery_beat, celery_worker,\n"
            "             frontend, nginx                     3 s\n"
            "               each down for 2 s\n");
}

}  // namespace
}  // namespace reconciler::cli
