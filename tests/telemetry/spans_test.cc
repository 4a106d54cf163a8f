#include "telemetry/spans.h"

#include <map>

#include <gtest/gtest.h>

#include "telemetry/settings.h"

namespace ferry::telemetry {
namespace {

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kGood[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, IsReadAsW3cSays) {
  const auto parent = parse_traceparent(kGood);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->trace, kTrace);
  EXPECT_EQ(parent->span, "00f067aa0ba902b7");
  EXPECT_TRUE(parent->sampled);
  EXPECT_FALSE(
      parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
  // A later version may say more.
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
}

TEST(Traceparent, OfAnotherFormIsNone) {
  for (const char* bad : {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                          "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(parse_traceparent(bad).has_value()) << bad;
  }
}

TEST(Sampling, IsTheSendersWhereThereIsOne) {
  Settings settings;
  settings.sampling = Sampling::kNever;
  const auto parent = parse_traceparent(kGood);
  EXPECT_TRUE(is_sampled(settings, kTrace, &*parent));
  EXPECT_FALSE(is_sampled(settings, kTrace, nullptr));
  settings.by_parent = false;
  EXPECT_FALSE(is_sampled(settings, kTrace, &*parent));
}

TEST(Sampling, ByRatioIsTheSameForAllWhoSeeTheTrace) {
  Settings settings;
  settings.sampling = Sampling::kRatio;
  settings.ratio = 0.25;
  int taken = 0;
  for (unsigned i = 0; i < 256; ++i) {
    std::string trace(32, '0');
    trace[16] = "0123456789abcdef"[i / 16];
    trace[17] = "0123456789abcdef"[i % 16];
    taken += is_sampled(settings, trace, nullptr) ? 1 : 0;
  }
  EXPECT_EQ(taken, 64);
  settings.ratio = 0;
  EXPECT_FALSE(is_sampled(settings, std::string(32, '0'), nullptr));
  settings.ratio = 1;
  EXPECT_TRUE(is_sampled(settings, std::string(32, 'f'), nullptr));
}

Result<std::optional<Settings>> with(std::map<std::string, std::string> variables) {
  return settings_from([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Settings, NothingIsSentUnlessAnEndpointIsSet) {
  EXPECT_FALSE(with({})->has_value());
  EXPECT_FALSE(with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1"}, {"OTEL_SDK_DISABLED", "true"}})
                   ->has_value());
  EXPECT_FALSE(
      with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1"}, {"OTEL_TRACES_EXPORTER", "none"}})
          ->has_value());
}

TEST(Settings, EndpointsBecomeUrls) {
  const auto all = with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector/base/"}});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ((*all)->authority(), "collector:4318");
  EXPECT_EQ((*all)->path, "/base/v1/traces");
  const auto traces = with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:1"},
                            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[::1]:9/x"}});
  ASSERT_TRUE(traces.ok());
  EXPECT_EQ((*traces)->host, "[::1]");
  EXPECT_EQ((*traces)->port, "9");
  EXPECT_EQ((*traces)->path, "/x");
}

TEST(Settings, HeadersCannotAddLines) {
  EXPECT_FALSE(with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"},
                     {"OTEL_EXPORTER_OTLP_HEADERS", "a=b%0d%0aEvil: x"}})
                   .ok());
  EXPECT_FALSE(with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c\r\nx"}}).ok());
}

}  // namespace
}  // namespace ferry::telemetry
