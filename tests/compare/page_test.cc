// Reports as JSON, as a table and as a page.
#include "compare/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compare/plot.h"
#include "compare/sample.h"

namespace ferry::compare {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Report sample_report() {
  Report report;
  report.ferry = "1.2.3";
  report.time = "2026-11-22T10:00:00Z";
  report.command = "ferry compare \"<odd> & name\".wasm";
  report.machine.cpu = "A & B <cpu>";
  report.machine.cores = 2;
  report.processes = 3;
  report.threads = 2;
  report.budget_ms = 200;
  report.control_us = spread_of({100, 110, 90});
  report.control_waiting = spread_of({1, 1.5, 2});
  FunctionReport function;
  function.name = "hello</title><script>alert(1)</script>";
  function.digest = "sha256:00";
  function.size_bytes = 1000;
  function.data = "{}";
  EngineReport first{"wasmtime", "48", 1 << 20, {}, "", "sha256:aa", {}};
  first.metrics["run_us"] = spread_of({10, 12, 11});
  first.metrics["instantiate_us"] = spread_of({5, 5, 6});
  EngineReport second{"wasmi", "2", 1 << 20, {"sign-ext"}, "", "sha256:bb", {}};
  second.metrics["run_us"] = spread_of({100, 120, 110});
  second.metrics["instantiate_us"] = spread_of({50, 50, 60});
  EngineReport third{"lucet", "0.6.1", 1, {}, "it <broke>", "", {}};
  function.engines = {first, second, third};
  function.difference = "wasmi";
  report.functions = {function};
  return report;
}

TEST(ReportTest, JsonBringsBackTheSameReport) {
  const std::string text = to_json(sample_report());
  auto back = report_from_json(text);
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(to_json(*back), text);
  EXPECT_EQ(back->functions[0].engines[1].metrics.at("run_us").values.size(), 3u);
}

TEST(ReportTest, WhatIsNoReportIsRefused) {
  EXPECT_EQ(report_from_json("not json").error().code, Code::kInvalid);
  EXPECT_EQ(report_from_json("{}").error().code, Code::kInvalid);
  EXPECT_EQ(report_from_json("[1]").error().code, Code::kInvalid);
  EXPECT_EQ(report_from_json(R"({"compare":2})").error().code, Code::kUnsupported);
}

TEST(SampleTest, JsonBringsBackTheSameSample) {
  Sample sample;
  sample.version = "1.0";
  sample.rewritten = {"sign-ext"};
  sample.values = {{"run_us", 1.5}};
  sample.control_us = 2;
  sample.control_wall_us = 3;
  auto back = sample_from_json(to_json(sample));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(to_json(*back), to_json(sample));
  EXPECT_FALSE(sample_from_json("{}").ok());
}

TEST(PageTest, NothingOfAFunctionsNameIsMarkup) {
  const std::string page = to_page(sample_report());
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, HasSubstr("A &amp; B &lt;cpu&gt;"));
  EXPECT_THAT(page, HasSubstr("it &lt;broke&gt;"));
}

TEST(PageTest, NeedsNothingFromTheNetwork) {
  const std::string page = to_page(sample_report());
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, HasSubstr("<svg"));
}

TEST(PageTest, SaysWhichEngineFailedOrRepliedOtherwise) {
  EXPECT_THAT(to_page(sample_report()),
              HasSubstr("Another reply than wasmtime's came from: wasmi"));
  const std::string table = to_table(sample_report());
  EXPECT_THAT(table, HasSubstr("lucet: it <broke>"));
  EXPECT_THAT(table, HasSubstr("DIFFERENT REPLY than wasmtime: wasmi"));
  EXPECT_THAT(table, HasSubstr("11.0 µs ±9%"));
}

// An engine that did not run has no dots, and so no place in the legend.
TEST(PageTest, LegendHasOnlyWhatRan) {
  const std::string page = to_page(sample_report());
  EXPECT_THAT(page, Not(HasSubstr("<li class=\"e-lucet\">")));
  EXPECT_THAT(page, HasSubstr("<li class=\"e-wasmi\">"));
}

// On a phone the plots are drawings of their own, in which text keeps its size.
TEST(PageTest, EveryPlotIsThereForAPhone) {
  const std::string page = to_page(sample_report());
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_GT(count("<div class=\"wide\">"), 0u);
  EXPECT_EQ(count("<div class=\"wide\">"), count("<div class=\"narrow\">"));
  EXPECT_EQ(count("viewBox=\"0 0 330 "), count("<div class=\"narrow\">"));
}

TEST(PlotTest, WithoutValuesThereIsNoPlot) {
  EXPECT_EQ(dot_plot({}, "", ""), "");
  EXPECT_EQ(dot_plot({{"empty", {}}}, "", ""), "");
  EXPECT_EQ(stacked_bars({{"none", "wasmi", {{"p1", "run", 0}}}}, Unit::kMicroseconds), "");
}

}  // namespace
}  // namespace ferry::compare
