// A user's rows in the table: what they change, where they are, and that all else stays.
#include "platforms/lambda/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "function/manifest.h"
#include "platforms/lambda/events.h"
#include "platforms/lambda/replies.h"
#include "platforms/lambda/row_syntax.h"

namespace ferry::platforms::lambda {
namespace {

using testing::HasSubstr;

constexpr const function::Section* kSections[] = {&kSection};

Settings settings_in(std::string_view toml) {
  auto manifest = function::parse_manifest(toml, "ferry.toml", kSections);
  EXPECT_TRUE(manifest.ok()) << (manifest.ok() ? "" : manifest.error().text());
  return manifest.ok() ? *settings_of(*manifest) : Settings{};
}

const Invocation kInvocation{"r1", "arn:aws:lambda:eu-west-1:12:function:f", WallTime{}};

constexpr std::string_view kSqs =
    R"({"Records":[{"messageId":"m1","body":"{\"order\":7}","eventSource":"aws:sqs",)"
    R"("eventSourceARN":"arn:aws:sqs:eu-west-1:12:q"}]})";

TEST(Rows, WithoutAnyOfTheUsersTheTableIsOurs) {
  auto rows = rows_of({});
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->size(), table().size());
}

TEST(Rows, ARowOfTheUsersOwnComesFirst) {
  auto settings = settings_in(R"(
[[lambda.event]]
name = "order"
when = "order/id;kind=new"
type = "shop.order.{kind}"
source = "/shop/{order/region|'nowhere'}"
id = "{order/id}"
data = "json:order"
)");
  auto rows = rows_of(settings);
  ASSERT_TRUE(rows.ok());
  auto input = read_input(R"({"kind":"new","order":{"id":42,"n":1}})", kInvocation, {}, *rows);
  ASSERT_TRUE(input.ok() && input->items.size() == 1 && input->items[0].event.ok());
  const event::Event& event = *input->items[0].event;
  EXPECT_EQ(input->row->name, "order");
  EXPECT_EQ(event.type, "shop.order.new");
  EXPECT_EQ(event.source, "/shop/nowhere");
  EXPECT_EQ(event.id, "42");
  EXPECT_EQ(event.data, R"({"id":42,"n":1})");
  // What fits no row still arrives, and ours are still there.
  input = read_input(R"({"kind":"old"})", kInvocation, {}, *rows);
  EXPECT_EQ(input->row->name, "invoke");
  EXPECT_EQ(input->items[0].event->type, "com.amazonaws.lambda.invoke");
  EXPECT_EQ(read_input(kSqs, kInvocation, {}, *rows)->row->name, "sqs");
}

TEST(Rows, ARowOfOursIsChangedInItsPlace) {
  auto settings = settings_in(R"(
[[lambda.event]]
name = "sqs"
type = "shop.order"
reply = "list"
)");
  auto rows = rows_of(settings);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->size(), table().size());
  auto input = read_input(kSqs, kInvocation, {}, *rows);
  ASSERT_TRUE(input.ok());
  EXPECT_EQ(input->items[0].event->type, "shop.order");
  EXPECT_EQ(input->items[0].event->id, "m1");
  EXPECT_EQ(input->row->reply, ReplyKind::kArray);
}

TEST(Rows, ARowWithoutATypeIsNamedByItsName) {
  auto settings = settings_in("[[lambda.event]]\nname = \"mine\"\nwhen = \"a\"\n");
  auto rows = rows_of(settings);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(read_input(R"({"a":1})", kInvocation, {}, *rows)->items[0].event->type,
            "com.amazonaws.mine");
}

TEST(Rows, OneThatSaysNotWhenIsRefused) {
  auto settings = settings_in("[[lambda.event]]\nname = \"mine\"\ntype = \"x\"\n");
  auto rows = rows_of(settings);
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.error().message, HasSubstr("'mine': 'when' is missing"));
}

TEST(Rows, SurviveTheWayThroughABundle) {
  constexpr std::string_view kToml = R"(
[lambda]
streaming = true
[[lambda.event]]
name = "order"
when = "order;!old"
each = "orders/*"
type = "a \"b\""
source = "s"
id = "{@request}.{@index}"
subject = "{$/s:lower}"
time = "{t:ms}"
data = "base64:d"
reply = "ordered"
item = "id"
[[lambda.event]]
name = "sqs"
subject = "{body}"
attributes = { tenant = "{requestContext/authorizer?'known'}" }
)";
  auto first = function::parse_manifest(kToml, "a", kSections);
  ASSERT_TRUE(first.ok()) << first.error().text();
  const std::string written = function::manifest_to_toml(*first);
  auto second = function::parse_manifest(written, "b", kSections);
  ASSERT_TRUE(second.ok()) << second.error().text();
  EXPECT_EQ(function::manifest_to_toml(*second), written);
  const auto settings = settings_of(*second);
  EXPECT_TRUE(settings->streaming);
  ASSERT_EQ(settings->events.size(), 2u);
  EXPECT_EQ(settings->events[0].type, "a \"b\"");
  EXPECT_EQ(settings->events[0].reply, "ordered");
  EXPECT_EQ(settings->events[1].subject, "{body}");
  EXPECT_EQ(
      settings->events[1].attributes,
      (std::map<std::string, std::string>{{"tenant", "{requestContext/authorizer?'known'}"}}));
}

// The manifest's checks and the table speak one language.
TEST(Rows, OursPassTheManifestsChecks) {
  for (const Row& row : table()) {
    if (&row != &fallback_row()) {
      EXPECT_TRUE(check_when(row.when).ok()) << row.name;
    }
    EXPECT_TRUE(check_each(row.each).ok()) << row.name;
    for (std::string_view text : {row.type, row.source, row.id, row.subject, row.time}) {
      Status checked = check_template(text);
      EXPECT_TRUE(checked.ok()) << row.name << ": " << text;
    }
    if (!is_http(row.reply)) {
      EXPECT_TRUE(check_data(row.data).ok()) << row.name;
    }
  }
}

struct Wrong {
  const char* name;
  const char* toml;
  const char* says;
};
class WrongRow : public testing::TestWithParam<Wrong> {};

TEST_P(WrongRow, IsRefusedWithLineAndKey) {
  auto manifest = function::parse_manifest(GetParam().toml, "ferry.toml", kSections);
  ASSERT_FALSE(manifest.ok());
  EXPECT_THAT(manifest.error().text(), HasSubstr(GetParam().says));
}

constexpr Wrong kWrong[] = {
    {"UnknownKey", "[[lambda.event]]\nname = \"a\"\nwhem = \"b\"",
     "ferry.toml:3: unknown key 'whem' in [lambda.event] (did you mean 'when'?"},
    {"NoName", "[[lambda.event]]\nwhen = \"b\"", "ferry.toml:1: name in [[lambda.event]]"},
    {"Twice", "[[lambda.event]]\nname = \"a\"\n[[lambda.event]]\nname = \"a\"",
     "ferry.toml:3: name in [[lambda.event]] 'a' is there twice"},
    {"Filter", "[[lambda.event]]\nname = \"a\"\ntype = \"x.{b:lowre}\"",
     "ferry.toml:3: type: 'lowre' is not a filter (did you mean 'lower'?"},
    {"Known", "[[lambda.event]]\nname = \"a\"\nid = \"{@requst}\"", "ferry.toml:3: id: '@requst'"},
    {"Brace", "[[lambda.event]]\nname = \"a\"\nid = \"{b\"", "ferry.toml:3: id: '{' without '}'"},
    {"Path", "[[lambda.event]]\nname = \"a\"\nwhen = \"b//c\"", "ferry.toml:3: when: 'b//c'"},
    {"EmptyWhen", "[[lambda.event]]\nname = \"a\"\nwhen = \"\"", "ferry.toml:3: when: is empty"},
    {"Data", "[[lambda.event]]\nname = \"a\"\ndata = \"body\"", "ferry.toml:3: data: 'body'"},
    {"Reply", "[[lambda.event]]\nname = \"a\"\nreply = \"jsn\"", "did you mean 'json'?"},
    {"Item", "[[lambda.event]]\nname = \"a\"\nreply = \"batch\"",
     "ferry.toml:1: item in [[lambda.event]] is missing"},
    {"NoTables", "[lambda]\nevent = 3", "ferry.toml:2: event: wants tables"},
    {"Streaming", "[lambda]\nstreaming = \"yes\"", "ferry.toml:2: streaming: wants true or false"},
};
INSTANTIATE_TEST_SUITE_P(All, WrongRow, testing::ValuesIn(kWrong),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace ferry::platforms::lambda
