// Event sources for which the Go module has no sample, and inputs with empty, null or missing
// fields.
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platforms/lambda/events.h"
#include "platforms/lambda/table.h"

namespace ferry::platforms::lambda {
namespace {

const Invocation kAsked{"r1", "arn:aws:lambda:eu-west-1:12:function:f", WallTime{}};

Input read(std::string_view json) {
  auto input = read_input(json, kAsked, {});
  EXPECT_TRUE(input.ok()) << (input.ok() ? "" : input.error().text());
  return input.ok() ? *std::move(input) : Input{};
}

const event::Event& only(const Input& input) {
  EXPECT_EQ(input.items.size(), 1u);
  EXPECT_TRUE(input.items.at(0).event.ok());
  return *input.items.at(0).event;
}

struct Source {
  const char* row;
  const char* json;
  const char* type;
  const char* source;
  const char* id;
  const char* subject;  // "" for none
};

class Sources : public testing::TestWithParam<Source> {};

// Each of them was com.amazonaws.lambda.invoke, or had the function's ARN for its source.
TEST_P(Sources, HaveARowOfTheirOwn) {
  const Source& want = GetParam();
  const Input input = read(want.json);
  EXPECT_EQ(input.row->name, want.row);
  const event::Event& event = only(input);
  EXPECT_EQ(event.type, want.type);
  EXPECT_EQ(event.source, want.source);
  EXPECT_EQ(event.id, want.id);
  EXPECT_EQ(event.subject.value_or(""), want.subject);
  EXPECT_EQ(event.datacontenttype, "application/json");
}

INSTANTIATE_TEST_SUITE_P(
    All, Sources,
    testing::Values(
        Source{"connect",
               R"({"Name":"ContactFlowEvent","Details":{"ContactData":{"ContactId":"c-1",)"
               R"("InstanceARN":"arn:aws:connect:us-east-1:1:instance/i"}}})",
               "com.amazonaws.connect.contactflow", "arn:aws:connect:us-east-1:1:instance/i", "r1",
               "c-1"},
        Source{"eventbridge",
               R"({"id":"7","detail-type":"Order Placed","source":"shop","account":"",)"
               R"("region":"us-west-2","detail":{}})",
               "com.amazonaws.events.order-placed", "arn:aws:events:us-west-2:12:shop", "7", ""},
        Source{"eventbridge", R"({"id":"7","detail-type":"D","source":"shop","detail":{"a":1}})",
               "com.amazonaws.events.d", "arn:aws:events:eu-west-1:12:shop", "7", ""},
        Source{"appsync-resolver",
               R"({"arguments":{},"identity":null,"source":null,"request":{"headers":{}},)"
               R"("info":{"fieldName":"post","parentTypeName":"Query"}})",
               "com.amazonaws.appsync.resolver", "arn:aws:appsync:eu-west-1:12", "r1",
               "Query.post"},
        Source{"appsync-batch",
               R"([{"arguments":{},"source":{},"info":{"fieldName":"f","parentTypeName":"P"}}])",
               "com.amazonaws.appsync.batch", "arn:aws:appsync:eu-west-1:12", "r1", "P.f"},
        Source{"cloudfront",
               R"({"Records":[{"cf":{"config":{"distributionId":"E1","eventType":"viewer-request",)"
               R"("requestId":"q"},"request":{"uri":"/a"}}}]})",
               "com.amazonaws.cloudfront.viewer-request", "arn:aws:cloudfront::12:distribution/E1",
               "q", "/a"},
        Source{"cloudfront",
               R"({"Records":[{"cf":{"config":{"distributionId":"E1"},"request":{"uri":"/a"}}}]})",
               "com.amazonaws.cloudfront.request", "arn:aws:cloudfront::12:distribution/E1", "r1",
               "/a"},
        Source{
            "cloudformation",
            R"({"RequestType":"Create","ResponseURL":"http://s3/","RequestId":"q",)"
            R"("StackId":"arn:aws:cloudformation:us-east-1:1:stack/s/g","LogicalResourceId":"L"})",
            "com.amazonaws.cloudformation.create", "arn:aws:cloudformation:us-east-1:1:stack/s/g",
            "q", "L"},
        Source{"cloudformation-macro",
               R"({"region":"us-east-1","accountId":"1","fragment":{},"transformId":"1::Echo",)"
               R"("params":{},"requestId":"q","templateParameterValues":{}})",
               "com.amazonaws.cloudformation.macro",
               "arn:aws:cloudformation:us-east-1:1:transform/1::Echo", "q", ""},
        Source{"batch-job", R"({"jobId":"38fd"})", "com.amazonaws.batch.job",
               "arn:aws:batch:eu-west-1:12:job/38fd", "r1", "38fd"},
        Source{"invoke", R"({"jobId":"38fd","mine":1})", "com.amazonaws.lambda.invoke",
               "arn:aws:lambda:eu-west-1:12:function:f", "r1", ""},
        Source{"sagemaker-consolidation",
               R"({"version":"2018-10-16","labelingJobArn":"arn:aws:sagemaker:x:1:labeling-job/j",)"
               R"("payload":{"s3Uri":"s3://b/k"}})",
               "com.amazonaws.sagemaker.annotation-consolidation",
               "arn:aws:sagemaker:x:1:labeling-job/j", "r1", "s3://b/k"},
        Source{"sagemaker-annotation",
               R"({"version":"2018-10-16","labelingJobArn":"arn:aws:sagemaker:x:1:labeling-job/j",)"
               R"("dataObject":{"source-ref":"s3://b/o"}})",
               "com.amazonaws.sagemaker.pre-annotation", "arn:aws:sagemaker:x:1:labeling-job/j",
               "r1", "s3://b/o"},
        Source{"workmail",
               R"({"summaryVersion":"2018-10-10","envelope":{"mailFrom":{"address":"a@b"}},)"
               R"("subject":"Hi","messageId":"m","invocationId":"i","flowDirection":"INBOUND"})",
               "com.amazonaws.workmail.inbound", "arn:aws:workmail:eu-west-1:12", "i", "Hi"},
        Source{"stepfunctions-error", R"({"Error":"States.Timeout","Cause":"late"})",
               "com.amazonaws.states.error", "arn:aws:lambda:eu-west-1:12:function:f", "r1",
               "States.Timeout"},
        Source{
            "alexa-skill",
            R"({"version":"1.0","session":{"application":{"applicationId":"amzn1.ask.skill.s"}},)"
            R"("request":{"type":"IntentRequest","requestId":"q",)"
            R"("timestamp":"2016-10-27T21:06:28Z","intent":{"name":"Color"}}})",
            "com.amazonaws.alexa.IntentRequest", "amzn1.ask.skill.s", "q", "Color"},
        Source{"alexa-smart-home",
               R"({"directive":{"header":{"namespace":"Alexa.PowerController","name":"TurnOn",)"
               R"("messageId":"m"},"endpoint":{"endpointId":"e"},"payload":{}}})",
               "com.amazonaws.alexa.TurnOn", "Alexa.PowerController", "m", "e"},
        Source{
            "alexa-smart-home-v2",
            R"({"header":{"namespace":"Alexa.ConnectedHome.Control","name":"TurnOnRequest",)"
            R"("messageId":"m","payloadVersion":"2"},"payload":{"appliance":{"applianceId":"a"}}})",
            "com.amazonaws.alexa.TurnOnRequest", "Alexa.ConnectedHome.Control", "m", "a"}),
    [](const auto& source) {
      std::string name = std::string(source.param.row) + std::to_string(source.index);
      std::erase(name, '-');
      return name;
    });

// Fault E2: a record without its field was given the whole record, envelope and all, as JSON data.
// By row, the input up to where its field would be, and from there on.
const std::map<std::string_view, std::pair<const char*, const char*>> kWithoutData{
    {"apigateway-websocket",
     {R"({"requestContext":{"connectionId":"c","eventType":"MESSAGE",)"
      R"("domainName":"d","stage":"s"})",
      "}"}},
    {"sqs", {R"({"Records":[{"eventSource":"aws:sqs","messageId":"m")", "}]}"}},
    {"kinesis", {R"({"Records":[{"eventID":"e","kinesis":{"sequenceNumber":"1")", "}}]}"}},
    {"kafka",
     {R"({"eventSource":"aws:kafka","records":{"t-0":[{"topic":"t","partition":0,"offset":2)",
      "}]}}"}},
    {"kafka-self-managed",
     {R"({"eventSource":"SelfManagedKafka","bootstrapServers":"b:9092","records":{"t-0":[)"
      R"({"topic":"t","partition":0,"offset":2)",
      "}]}}"}},
    {"activemq", {R"({"eventSource":"aws:mq","messages":[{"messageID":"m")", "}]}"}},
    {"rabbitmq",
     {R"({"eventSource":"aws:rmq","rmqMessagesByQueue":{"q":[{"basicProperties":{})", "}]}}"}},
};

TEST(Records, E2WithoutTheFieldOfTheirDataHaveNone) {
  for (const Row& row : table()) {
    const std::size_t colon = row.data.find(':');
    const std::string_view kind = row.data.substr(0, colon);
    if (kind != "base64" && kind != "text") continue;
    const auto parts = kWithoutData.find(row.name);
    ASSERT_NE(parts, kWithoutData.end()) << row.name << " has no input in this test";
    const std::string_view path = row.data.substr(colon + 1);
    const std::string field = ",\"" + std::string(path.substr(path.rfind('/') + 1)) + "\":";
    const auto& [begin, end] = parts->second;
    std::vector<std::string> values = {field + "null", field + "\"\""};
    // A WebSocket's message without a body is a connection, which has a row of its own.
    if (row.name != "apigateway-websocket") values.emplace_back("");
    for (const std::string& value : values) {
      const Input input = read(begin + value + end);
      EXPECT_EQ(input.row->name, row.name) << value;
      EXPECT_EQ(only(input).data, std::nullopt) << row.name << value;
      EXPECT_EQ(only(input).datacontenttype, std::nullopt) << row.name << value;
    }
    EXPECT_EQ(only(read(begin + field + "\"aGVsbG8=\"" + end)).data,
              kind == "base64" ? "hello" : "aGVsbG8=")
        << row.name;
  }
}

// Connecting to a WebSocket has no body at all, and says all it says beside it.
TEST(Records, AWebSocketsConnectionIsItsOwnData) {
  const Input connect =
      read(R"({"requestContext":{"connectionId":"c","eventType":"CONNECT","domainName":"d",)"
           R"("stage":"s"},"headers":{"a":"b"}})");
  ASSERT_NE(connect.row, nullptr);
  EXPECT_EQ(connect.row->name, "apigateway-websocket-connection");
  EXPECT_TRUE(only(connect).data->starts_with("{\"requestContext\""));
}

std::string request_of(std::string_view maps) {
  const Input input = read(R"({"httpMethod":"POST","path":"/a","requestContext":{},)" +
                           std::string(maps) + R"(,"body":"hi","isBase64Encoded":false})");
  std::string out = input.http.target;
  for (const auto& [name, value] : input.http.headers) {
    out.append(" ").append(name).append("=").append(value);
  }
  return out;
}

// An empty map of lists hid the map beside it: no host, no type, no query.
TEST(HttpEvents, AnEmptyMapNeverWins) {
  const std::string singles =
      R"("headers":{"Host":"h","Content-Type":"text/plain"},"queryStringParameters":{"x":"1"})";
  const char* want = "/a?x=1 Host=h Content-Type=text/plain";
  for (const char* lists :
       {R"(,"multiValueHeaders":{},"multiValueQueryStringParameters":{})",
        R"(,"multiValueHeaders":null,"multiValueQueryStringParameters":null)", "",
        R"(,"multiValueHeaders":{"Host":[]},"multiValueQueryStringParameters":{"x":[]})"}) {
    EXPECT_EQ(request_of(singles + lists), want) << lists;
  }
  EXPECT_EQ(request_of(R"("headers":{"a":"2","b":"3"},"multiValueHeaders":{"A":["1","2"]},)"
                       R"("queryStringParameters":{},"multiValueQueryStringParameters":)"
                       R"({"x":["1","2"]})"),
            "/a?x=1&x=2 A=1 A=2 b=3");
  EXPECT_EQ(request_of(R"("headers":null,"multiValueHeaders":{"A":["1"]})"), "/a A=1");
}

TEST(HttpEvents, ALoadBalancerIsAnsweredInTheFormItAskedIn) {
  auto lists = [](std::string_view headers) {
    return read(R"({"httpMethod":"GET","path":"/","requestContext":{"elb":{}},)" +
                std::string(headers) + "}")
        .multi_value;
  };
  EXPECT_TRUE(lists(R"("multiValueHeaders":{"a":["b"]})"));
  EXPECT_FALSE(lists(R"("headers":{"a":"b"},"multiValueHeaders":{})"));
  EXPECT_FALSE(lists(R"("headers":{"a":"b"})"));
}

}  // namespace
}  // namespace ferry::platforms::lambda
