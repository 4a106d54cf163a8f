#include "profile/flame_graph.h"

#include <gmock/gmock.h>

namespace ferry::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

TEST(FlameGraph, CountsFunctionsWhereTheyAreInnermost) {
  FlameGraph graph;
  for (int i = 0; i < 3; ++i) graph.add({"main", "parse", "read"});
  graph.add({"main", "parse"});
  graph.add({"main"});
  graph.add({});
  EXPECT_EQ(graph.samples(), 5u);
  EXPECT_THAT(graph.top(2), ElementsAre(Pair("read", 3), Pair("main", 1)));
}

TEST(FlameGraph, AFunctionIsAsWideAsItsShare) {
  FlameGraph graph;
  for (int i = 0; i < 3; ++i) graph.add({"main", "parse"});
  graph.add({"main", "write"});
  const std::string svg = graph.to_svg("f");
  EXPECT_THAT(svg, HasSubstr("main\n4 samples, 100.0 %"));
  EXPECT_THAT(svg, HasSubstr(R"(data-n="parse" data-x="10.00" data-w="885.00")"));
  EXPECT_THAT(svg, HasSubstr(R"(data-n="write" data-x="895.00" data-w="295.00")"));
}

TEST(FlameGraph, NamesOfStrangersAreText) {
  FlameGraph graph;
  graph.add({"<script>alert(1)</script>", "a\"b&c\x1b[2J"});
  const std::string svg = graph.to_svg("<b>");
  EXPECT_THAT(svg, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_THAT(svg, HasSubstr("a&quot;b&amp;c\\x1b[2J"));
  EXPECT_THAT(svg, HasSubstr(">&lt;b&gt;<"));
}

TEST(FlameGraph, AnEmptyOneIsStillAPicture) {
  const std::string svg = FlameGraph().to_svg("nothing");
  EXPECT_THAT(svg, HasSubstr("</svg>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace ferry::profile
