#include "platforms/lambda/table.h"

#include <array>

namespace ferry::platforms::lambda {
namespace {

// Who calls, where an authorizer of the gateway found out: the attributes of CloudEvents' "Auth
// Context" extension. A Lambda authorizer's context is beside its principal (REST) or under
// "lambda" (HTTP API); JWT and Cognito have claims; IAM has the caller's ARN.
constexpr std::string_view kAuth =
    "authtype={requestContext/authorizer/jwt?'app_user'|requestContext/authorizer/"
    "claims?'app_user'|"
    "requestContext/authorizer/iam?'user'|requestContext/identity/userArn?'user'|"
    "requestContext/authorizer?'unknown'};"
    "authid={requestContext/authorizer/jwt/claims/sub|requestContext/authorizer/claims/sub|"
    "requestContext/authorizer/iam/userArn|requestContext/identity/userArn|"
    "requestContext/authorizer/principalId};"
    "authclaims={requestContext/authorizer/jwt/claims:compact|"
    "requestContext/authorizer/claims:compact|requestContext/authorizer/lambda:compact|"
    "requestContext/authorizer:compact}";

using enum ReplyKind;

// clang-format off
constexpr std::array kRows{
  // --- HTTP, before all that has an id of its own -----------------------------------------------
  Row{"apigateway-authorizer", "methodArn;type", "",
      "com.amazonaws.apigateway.authorizer.{type:lower}", "{methodArn}",
      "{requestContext/requestId|@request}", "{requestContext/path}",
      "{requestContext/requestTimeEpoch:ms}", "json:", kJson},
  Row{"httpapi-authorizer", "routeArn;type", "",
      "com.amazonaws.apigateway.authorizer.{type:lower}", "{routeArn}",
      "{requestContext/requestId|@request}", "{rawPath}",
      "{requestContext/timeEpoch:ms}", "json:", kJson},
  // Connecting and disconnecting have no body: what they say is the input itself.
  Row{"apigateway-websocket-connection",
      "requestContext/connectionId;requestContext/eventType;!body", "",
      "com.amazonaws.apigateway.websocket.{requestContext/eventType:lower}",
      "https://{requestContext/domainName}/{requestContext/stage}",
      "{requestContext/extendedRequestId|requestContext/requestId|@request}",
      "{requestContext/connectionId}", "{requestContext/requestTimeEpoch:ms}", "json:",
      kWebSocket},
  Row{"apigateway-websocket", "requestContext/connectionId;requestContext/eventType", "",
      "com.amazonaws.apigateway.websocket.{requestContext/eventType:lower}",
      "https://{requestContext/domainName}/{requestContext/stage}",
      "{requestContext/extendedRequestId|requestContext/requestId|@request}",
      "{requestContext/connectionId}", "{requestContext/requestTimeEpoch:ms}", "text:body",
      kWebSocket},
  Row{"alb", "requestContext/elb;httpMethod", "",
      "http.request", "", "{@request}", "", "{@now}", "", kHttpAlb},
  Row{"apigateway", "httpMethod;requestContext;path", "",
      "http.request", "", "{requestContext/requestId|@request}", "",
      "{requestContext/requestTimeEpoch:ms|@now}", "", kHttpV1, "", kAuth},
  Row{"httpapi", "version=2.0;requestContext/http/method", "",
      "http.request", "", "{requestContext/requestId|@request}", "",
      "{requestContext/timeEpoch:ms|@now}", "", kHttpV2, "", kAuth},

  // --- Records[], one event each ----------------------------------------------------------------
  Row{"s3", "Records/0/s3;Records/0/eventName", "Records",
      "com.amazonaws.s3.{eventName}", "{eventSource}.{awsRegion}.{s3/bucket/name}",
      "{responseElements/x-amz-request-id}.{responseElements/x-amz-id-2}"
      "{s3/object/sequencer:dot|''}",
      "{s3/object/key}", "{eventTime:time}", "json:", kArray},
  Row{"sns", "Records/0/Sns", "Records",
      "com.amazonaws.sns.{Sns/Type|'Notification'}", "{EventSubscriptionArn}",
      "{Sns/MessageId}", "{Sns/Subject}", "{Sns/Timestamp:time}", "json:Sns", kArray},
  Row{"sqs", "Records/0/eventSource=aws:sqs", "Records",
      "com.amazonaws.sqs.message", "{eventSourceARN}", "{messageId}", "",
      "{attributes/SentTimestamp:ms}", "text:body", kBatch, "messageId"},
  // Lambda@Edge: the answer is a request or a response, not a list.
  Row{"cloudfront", "Records/0/cf/config", "",
      "com.amazonaws.cloudfront.{Records/0/cf/config/eventType|'request'}",
      "arn:aws:cloudfront::{@account|''}:distribution/{Records/0/cf/config/distributionId}",
      "{Records/0/cf/config/requestId|@request}", "{Records/0/cf/request/uri}", "{@now}", "json:",
      kJson},
  // A window's state is in the answer to the whole batch, so the batch stays one event.
  Row{"kinesis-window", "Records/0/kinesis;window", "",
      "com.amazonaws.kinesis.window", "{eventSourceARN|Records/0/eventSourceARN}",
      "{@request}", "{shardId}", "{window/end:time}", "json:", kJson},
  Row{"kinesis", "Records/0/kinesis", "Records",
      "com.amazonaws.kinesis.record", "{eventSourceARN}", "{eventID}", "{kinesis/partitionKey}",
      "{kinesis/approximateArrivalTimestamp:s}", "base64:kinesis/data", kOrdered,
      "kinesis/sequenceNumber"},
  Row{"dynamodb-window", "Records/0/dynamodb;window", "",
      "com.amazonaws.dynamodb.window", "{eventSourceARN|Records/0/eventSourceARN}",
      "{@request}", "{shardId}", "{window/end:time}", "json:", kJson},
  Row{"dynamodb", "Records/0/dynamodb", "Records",
      "com.amazonaws.dynamodb.{eventName}", "{eventSourceARN}", "{eventID}",
      "{dynamodb/Keys:compact}", "{dynamodb/ApproximateCreationDateTime:s}", "json:", kOrdered,
      "dynamodb/SequenceNumber"},
  Row{"ses", "Records/0/ses", "Records",
      "com.amazonaws.ses.message", "arn:aws:ses:{@region}:{@account}:receipt",
      "{ses/mail/messageId}", "{ses/mail/commonHeaders/subject}", "{ses/mail/timestamp:time}",
      "json:", kArray},
  Row{"codecommit", "Records/0/codecommit", "Records",
      "com.amazonaws.codecommit.{eventName}", "{eventSourceARN}", "{eventId}",
      "{codecommit/references/0/ref}", "{eventTime:time}", "json:", kArray},

  // --- other lists ------------------------------------------------------------------------------
  Row{"kafka", "eventSource=aws:kafka;records", "records/*",
      "com.amazonaws.kafka.record", "{$/eventSourceArn}", "{topic}-{partition}-{offset}",
      "{key:base64}", "{timestamp:ms}", "base64:value", kArray},
  Row{"kafka-self-managed", "eventSource=SelfManagedKafka;records", "records/*",
      "com.amazonaws.kafka.record", "kafka:{$/bootstrapServers}",
      "{topic}-{partition}-{offset}", "{key:base64}", "{timestamp:ms}", "base64:value", kArray},
  Row{"activemq", "eventSource=aws:mq;messages", "messages",
      "com.amazonaws.mq.message", "{$/eventSourceArn}", "{messageID}",
      "{destination/physicalName}", "{timestamp:ms}", "base64:data", kArray},
  Row{"rabbitmq", "eventSource=aws:rmq;rmqMessagesByQueue", "rmqMessagesByQueue/*",
      "com.amazonaws.rmq.message", "{$/eventSourceArn}",
      "{basicProperties/messageId}", "{@key}", "", "base64:data", kArray},
  Row{"documentdb", "eventSource=aws:docdb;events", "events",
      "com.amazonaws.docdb.{event/operationType}", "{$/eventSourceArn}", "{event/_id/_data}",
      "{event/ns/db}.{event/ns/coll}", "{event/clusterTime/$timestamp/t:s}", "json:event", kArray},
  Row{"cloudwatch-logs", "awslogs/data", "gunzip:awslogs/data",
      "com.amazonaws.logs.data", "arn:aws:logs:{@region}:{owner}:log-group:{logGroup}",
      "{logEvents/0/id|@request}", "{logStream}", "{logEvents/0/timestamp:ms}", "json:", kJson},

  // --- the whole input is one event -------------------------------------------------------------
  Row{"eventbridge", "detail-type;source;detail", "",
      "com.amazonaws.events.{detail-type:slug}", 
      "arn:aws:events:{region|@region}:{account|@account|''}:{source}",
      "{id}", "{resources/0}", "{time:time}", "json:detail", kJson},
  Row{"cognito", "triggerSource;userPoolId", "",
      "com.amazonaws.cognito-idp.{triggerSource}",
      "https://cognito-idp.{region}.amazonaws.com/{userPoolId}", "{@request}", "{userName}",
      "{@now}", "json:", kJson},
  Row{"cognito-sync", "identityPoolId;datasetName", "",
      "com.amazonaws.cognito-sync.{eventType}",
      "https://cognito-sync.{region}.amazonaws.com/{identityPoolId}", "{@request}",
      "{identityId}", "{@now}", "json:", kJson},
  Row{"firehose", "deliveryStreamArn;records", "",
      "com.amazonaws.firehose.transformation", "{deliveryStreamArn}", "{invocationId}", "",
      "{@now}", "json:", kJson},
  Row{"kinesis-analytics", "applicationArn;records", "",
      "com.amazonaws.kinesisanalytics.records", "{applicationArn}", "{invocationId}", "",
      "{@now}", "json:", kJson},
  Row{"s3-batch", "invocationSchemaVersion;tasks", "",
      "com.amazonaws.s3.batch", "{tasks/0/s3BucketArn|'arn:aws:s3:::'}{tasks/0/s3Bucket|''}",
      "{invocationId}", "{tasks/0/s3Key}", "{@now}", "json:", kJson},
  Row{"s3-object-lambda", "configuration/accessPointArn;xAmzRequestId", "",
      "com.amazonaws.s3-object-lambda.request", "{configuration/accessPointArn}",
      "{xAmzRequestId}", "{userRequest/url}", "{@now}", "json:", kJson},
  Row{"codepipeline-job", "CodePipeline.job", "",
      "com.amazonaws.codepipeline.job",
      "arn:aws:codepipeline:{@region}:{CodePipeline.job/accountId}",
      "{CodePipeline.job/id}", "", "{@now}", "json:CodePipeline.job", kJson},
  Row{"config", "configRuleArn;invokingEvent", "",
      "com.amazonaws.config.rule", "{configRuleArn}", "{@request}", "{configRuleName}", "{@now}",
      "json:", kJson},
  Row{"secretsmanager", "Step;SecretId;ClientRequestToken", "",
      "com.amazonaws.secretsmanager.{Step}", "{SecretId}", "{ClientRequestToken}.{Step}", "",
      "{@now}", "json:", kJson},
  Row{"connect", "Name;Details/ContactData/ContactId", "",
      "com.amazonaws.connect.contactflow", "{Details/ContactData/InstanceARN}", "{@request}",
      "{Details/ContactData/ContactId}", "{@now}", "json:", kJson},
  Row{"lex", "bot/name;currentIntent", "",
      "com.amazonaws.lex.{invocationSource}", "arn:aws:lex:{@region}:{@account}:bot:{bot/name}",
      "{@request}", "{currentIntent/name}", "{@now}", "json:", kJson},
  Row{"lex-v2", "bot/name;sessionState", "",
      "com.amazonaws.lex.{invocationSource}",
      "arn:aws:lex:{@region}:{@account}:bot/{bot/id|bot/name}", "{@request}",
      "{sessionState/intent/name}", "{@now}", "json:", kJson},
  Row{"appsync-authorizer", "authorizationToken;requestContext/apiId", "",
      "com.amazonaws.appsync.authorizer",
      "arn:aws:appsync:{@region}:{requestContext/accountId}:apis/{requestContext/apiId}",
      "{requestContext/requestId}", "{requestContext/operationName}", "{@now}", "json:", kJson},
  Row{"appsync-resolver", "info/fieldName;info/parentTypeName;arguments", "",
      "com.amazonaws.appsync.resolver", "arn:aws:appsync:{@region}:{@account}", "{@request}",
      "{info/parentTypeName}.{info/fieldName}", "{@now}", "json:", kJson},
  // BatchInvoke: a list comes, and a list goes back.
  Row{"appsync-batch", "0/info/fieldName;0/info/parentTypeName;0/arguments", "",
      "com.amazonaws.appsync.batch", "arn:aws:appsync:{@region}:{@account}", "{@request}",
      "{0/info/parentTypeName}.{0/info/fieldName}", "{@now}", "json:", kJson},
  Row{"cloudformation", "RequestType;ResponseURL;StackId;LogicalResourceId", "",
      "com.amazonaws.cloudformation.{RequestType:lower}", "{StackId}", "{RequestId}",
      "{LogicalResourceId}", "{@now}", "json:", kJson},
  Row{"cloudformation-macro", "transformId;fragment;requestId", "",
      "com.amazonaws.cloudformation.macro",
      "arn:aws:cloudformation:{region}:{accountId}:transform/{transformId}", "{requestId}", "",
      "{@now}", "json:", kJson},
  Row{"sagemaker-annotation", "labelingJobArn;dataObject", "",
      "com.amazonaws.sagemaker.pre-annotation", "{labelingJobArn}", "{@request}",
      "{dataObject/source-ref}", "{@now}", "json:", kJson},
  Row{"sagemaker-consolidation", "labelingJobArn;payload/s3Uri", "",
      "com.amazonaws.sagemaker.annotation-consolidation", "{labelingJobArn}", "{@request}",
      "{payload/s3Uri}", "{@now}", "json:", kJson},
  Row{"workmail", "summaryVersion;envelope/mailFrom;flowDirection", "",
      "com.amazonaws.workmail.{flowDirection:lower}", "arn:aws:workmail:{@region}:{@account}",
      "{invocationId|messageId}", "{subject}", "{@now}", "json:", kJson},
  Row{"alexa-skill", "request/type;request/requestId;request/timestamp;version", "",
      "com.amazonaws.alexa.{request/type}",
      "{session/application/applicationId|context/System/application/applicationId}",
      "{request/requestId}", "{request/intent/name}", "{request/timestamp:time}", "json:", kJson},
  Row{"alexa-smart-home", "directive/header/namespace;directive/header/messageId", "",
      "com.amazonaws.alexa.{directive/header/name}", "{directive/header/namespace}",
      "{directive/header/messageId}", "{directive/endpoint/endpointId}", "{@now}", "json:", kJson},
  Row{"alexa-smart-home-v2", "header/namespace;header/messageId;header/payloadVersion", "",
      "com.amazonaws.alexa.{header/name}", "{header/namespace}", "{header/messageId}",
      "{payload/appliance/applianceId}", "{@now}", "json:", kJson},
  // What a Catch of Step Functions hands over, and a submitted job's id: nothing but these fields.
  Row{"stepfunctions-error", "Error;Cause;#2", "",
      "com.amazonaws.states.error", "{@arn}", "{@request}", "{Error}", "{@now}", "json:", kJson},
  Row{"batch-job", "jobId;#1", "",
      "com.amazonaws.batch.job", "arn:aws:batch:{@region}:{@account}:job/{jobId}", "{@request}",
      "{jobId}", "{@now}", "json:", kJson},
  Row{"iot-authorizer", "protocolData;protocols", "",
      "com.amazonaws.iot.authorizer", "arn:aws:iot:{@region}:{@account}", "{@request}",
      "{connectionMetadata/id}", "{@now}", "json:", kJson},
  Row{"iot-preprovision", "templateArn;certificateId", "",
      "com.amazonaws.iot.preprovision", "{templateArn}", "{@request}", "{certificateId}", "{@now}",
      "json:", kJson},
  Row{"iot-1-click", "deviceEvent;deviceInfo/deviceId", "",
      "com.amazonaws.iot1click.event", "arn:aws:iot1click:{@region}:{@account}:devices/{deviceInfo/deviceId}",
      "{@request}", "{placementInfo/placementName}",
      "{deviceEvent/buttonClicked/reportedTime:time}", "json:", kJson},
  Row{"iot-button", "serialNumber;clickType", "",
      "com.amazonaws.iot.button", "arn:aws:iot:{@region}:{@account}:button/{serialNumber}",
      "{@request}", "", "{@now}", "json:", kJson},
  Row{"clientvpn", "connection-id;endpoint-id", "",
      "com.amazonaws.clientvpn.connection",
      "arn:aws:ec2:{@region}:{@account}:client-vpn-endpoint/{endpoint-id}", "{connection-id}",
      "{username}", "{@now}", "json:", kJson},

  // --- everything else --------------------------------------------------------------------------
  Row{"invoke", "", "",
      "com.amazonaws.lambda.invoke", "{@arn}", "{@request}", "", "{@now}", "json:", kJson},
};
// clang-format on

}  // namespace

std::span<const Row> table() { return kRows; }

const Row& fallback_row() { return kRows.back(); }

bool is_http(ReplyKind reply) {
  return reply == ReplyKind::kHttpV1 || reply == ReplyKind::kHttpV2 || reply == ReplyKind::kHttpAlb;
}

bool takes_http_answer(const Row& row) {
  return is_http(row.reply) || row.reply == ReplyKind::kWebSocket ||
         row.name == fallback_row().name;
}

}  // namespace ferry::platforms::lambda
