// What a broker gets: replies as events.
#include <gmock/gmock.h>

#include "platforms/knative/adapter.h"

namespace ferry::platforms::knative {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

host::Outcome cgi(std::vector<std::pair<std::string, std::string>> headers,
                  std::string content_type = "text/plain") {
  event::Event asked;
  asked.id = "1";
  asked.source = "/s";
  asked.type = "order";
  asked.subject = "a";
  host::Outcome outcome;
  outcome.status = host::Status::kOk;
  outcome.invocation = "inv";
  outcome.reply.content_type = std::move(content_type);
  outcome.reply.data = "x";
  outcome.reply.http = host::HttpAnswer{200, std::move(headers)};
  reply_as_event(asked, "f", system_clock(), outcome);
  return outcome;
}

std::vector<std::string> values(const host::Outcome& outcome, std::string_view name) {
  std::vector<std::string> out;
  for (const auto& [header, value] : outcome.reply.http->headers) {
    if (http::equals_nocase(header, name)) {
      out.push_back(value);
    }
  }
  return out;
}

TEST(KnativeReply, AnHttpAnswerGetsTheAttributesOfAnEvent) {
  const host::Outcome outcome = cgi({{"x", "1"}});
  EXPECT_THAT(values(outcome, "ce-type"), ElementsAre("order" + std::string(kReplySuffix)));
  EXPECT_THAT(values(outcome, "ce-id"), ElementsAre("inv"));
  EXPECT_THAT(values(outcome, "x"), ElementsAre("1"));
}

// Then there were two ce-type headers, and no receiver takes such an event.
TEST(KnativeReply, TheFunctionsOwnAttributesCount) {
  const host::Outcome outcome = cgi({{"Ce-Type", "order.shipped"}, {"ce-subject", "b"}});
  EXPECT_THAT(values(outcome, "ce-type"), ElementsAre("order.shipped"));
  EXPECT_THAT(values(outcome, "ce-subject"), ElementsAre("b"));
  EXPECT_THAT(values(outcome, "ce-id"), ElementsAre("inv"));
  EXPECT_THAT(values(outcome, "ce-specversion"), ElementsAre("1.0"));
}

TEST(KnativeReply, AnAnswerThatIsAnEventAlreadyStaysAsItIs) {
  for (const char* type :
       {"application/cloudevents+json", "application/cloudevents-batch+json; charset=utf-8"}) {
    EXPECT_THAT(cgi({}, type).reply.http->headers, IsEmpty()) << type;
  }
}

}  // namespace
}  // namespace ferry::platforms::knative
