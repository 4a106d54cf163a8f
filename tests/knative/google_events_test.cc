// The functions frameworks' tables. What the frameworks themselves make of these is compared by
// tests/knative/frameworks.py.
#include "platforms/knative/google_events.h"

#include <gmock/gmock.h>

#include "platforms/knative/google_tables.h"

namespace ferry::platforms::knative {
namespace {

using testing::HasSubstr;

constexpr char kTime[] = "2026-01-02T03:04:05Z";

std::string body(const std::string& type, const std::string& resource, const std::string& data,
                 const std::string& more = "") {
  return R"({"context":{"eventId":"1","timestamp":")" + std::string(kTime) + R"(","eventType":")" +
         type + R"(","resource":)" + resource + R"(},"data":)" + data + more + "}";
}

TEST(GoogleEvents, PubSubIsWrappedInAMessage) {
  const auto event =
      from_background(body("google.pubsub.topic.publish",
                           R"({"service":"pubsub.googleapis.com","name":"projects/p/topics/t"})",
                           R"({"data":"aGk=","attributes":{"n":"1.0"}})"),
                      "/");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "google.cloud.pubsub.topic.v1.messagePublished");
  EXPECT_EQ(event->source, "//pubsub.googleapis.com/projects/p/topics/t");
  EXPECT_EQ(event->subject, std::nullopt);
  EXPECT_EQ(event->id, "1");
  EXPECT_EQ(event->time, kTime);
  EXPECT_EQ(event->datacontenttype, "application/json");
  EXPECT_EQ(event->data, R"({"message":{"data":"aGk=","attributes":{"n":"1.0"},"publishTime":")" +
                             std::string(kTime) + R"(","messageId":"1"}})");
}

TEST(GoogleEvents, OlderPubSubNamesItsResourceAsText) {
  const auto event =
      from_background(R"({"eventId":"1","eventType":"providers/cloud.pubsub/eventTypes/)"
                      R"(topic.publish","resource":"projects/p/topics/t","data":{}})",
                      "/");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->source, "//pubsub.googleapis.com/projects/p/topics/t");
  EXPECT_EQ(event->time, std::nullopt);
}

TEST(GoogleEvents, PushIsTheDataOfTheEvent) {
  const std::string text =
      R"({"subscription":"projects/p/subscriptions/s","message":{"messageId":"7","publishTime":)"
      R"("2026-01-02T03:04:05Z","data":"aGk=","orderingKey":"k"}})";
  const auto event = from_background(text, "/x/projects/p/topics/t");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->id, "7");
  EXPECT_EQ(event->source, "//pubsub.googleapis.com/projects/p/topics/t");
  EXPECT_EQ(event->data, text);
  EXPECT_EQ(from_background(text, "/")->source,
            "//pubsub.googleapis.com/projects/p/subscriptions/s");
}

TEST(GoogleEvents, ResourcesFallIntoSourceAndSubject) {
  struct Case {
    const char* type;
    const char* resource;
    const char* source;
    const char* subject;
  };
  for (const Case& each : {
           Case{"google.storage.object.finalize", "projects/_/buckets/b/objects/a/b.txt",
                "//storage.googleapis.com/projects/_/buckets/b", "objects/a/b.txt"},
           Case{"providers/cloud.storage/eventTypes/object.change",
                "projects/_/buckets/b/objects/a", "//storage.googleapis.com/projects/_/buckets/b",
                "objects/a"},
           Case{"providers/cloud.firestore/eventTypes/document.write",
                "projects/p/databases/(default)/documents/a/b",
                "//firestore.googleapis.com/projects/p/databases/(default)", "documents/a/b"},
           Case{"providers/google.firebase.analytics/eventTypes/event.log",
                "projects/p/events/click", "//firebase.googleapis.com/projects/p", "events/click"},
       }) {
    const auto event =
        from_background(body(each.type, '"' + std::string(each.resource) + '"', "{}"), "/");
    ASSERT_TRUE(event) << each.type;
    EXPECT_EQ(event->source, each.source);
    EXPECT_EQ(event->subject, each.subject);
  }
}

TEST(GoogleEvents, ResourcesOfAnotherShapeAreNotGuessedAt) {
  for (const char* resource :
       {"projects/_/buckets/b", "projects/x/buckets/b/objects/a", "projects/_/buckets/b/objects/",
        "projects/_/buckets//objects/a", "", "projects/_/buckets/b/folders/a"}) {
    EXPECT_FALSE(from_background(
        body("google.storage.object.delete", '"' + std::string(resource) + '"', "{}"), "/"))
        << resource;
  }
  EXPECT_FALSE(from_background(body("providers/google.firebase.analytics/eventTypes/event.log",
                                    R"("projects/p/events/a/b")", "{}"),
                               "/"));
}

TEST(GoogleEvents, UsersHaveASubjectAndOtherNames) {
  const auto event = from_background(
      body("providers/firebase.auth/eventTypes/user.create", R"("projects/p")",
           R"({"uid":"u1","metadata":{"createdAt":"a","lastSignedInAt":"b","x":1.0}})"),
      "/");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->subject, "users/u1");
  EXPECT_EQ(event->data,
            R"({"uid":"u1","metadata":{"createTime":"a","lastSignInTime":"b","x":1.0}})");
}

TEST(GoogleEvents, DatabasesAreWhereTheirDomainSays) {
  auto source = [](const char* domain) {
    const auto event =
        from_background(body("providers/google.firebase.database/eventTypes/ref.write",
                             R"("projects/_/instances/i/refs/a/b")", "{}", domain),
                        "/");
    return event ? event->source : "";
  };
  EXPECT_EQ(source(R"(,"domain":"firebaseio.com")"),
            "//firebasedatabase.googleapis.com/projects/_/locations/us-central1/instances/i");
  EXPECT_EQ(source(R"(,"domain":"europe-west1.firebasedatabase.app")"),
            "//firebasedatabase.googleapis.com/projects/_/locations/europe-west1/instances/i");
  EXPECT_EQ(source(""), "");
}

TEST(GoogleEvents, AllElseStaysWhatItIs) {
  for (const char* text :
       {"", "{}", "[]", "eventType", R"({"eventType":"x","data":1})",
        R"({"context":{"eventType":"google.storage.object.finalize"}})",
        R"({"eventType":"google.pubsub.topic.publish","eventId":"","resource":"r","data":{}})",
        R"({"eventType":"google.pubsub.topic.publish","eventId":"1","resource":"a b\n","data":{}})",
        R"({"eventType":"google.pubsub.topic.publish","eventId":"1","resource":"r","data":5})",
        R"({"subscription":"s","message":{"messageId":7}})"}) {
    EXPECT_FALSE(from_background(text, "/")) << text;
  }
}

TEST(GoogleEvents, EveryTypeGoesThereAndBack) {
  for (const TypeRow& row : kTypes) {
    event::Event event;
    event.id = "1";
    event.type = row.cloud_event;
    event.time = kTime;
    event.datacontenttype = "application/json";
    event.data = R"({"kind":"k"})";
    if (row.cloud_event.find("pubsub") != std::string_view::npos) {
      event.source = "//pubsub.googleapis.com/projects/p/topics/t";
      event.data =
          R"({"message":{"data":"","publishTime":"2026-01-02T03:04:05Z","messageId":"1"}})";
    } else if (row.cloud_event.find("storage") != std::string_view::npos) {
      event.source = "//storage.googleapis.com/projects/_/buckets/b";
      event.subject = "objects/o";
    } else if (row.cloud_event.find("firestore") != std::string_view::npos) {
      event.source = "//firestore.googleapis.com/projects/p/databases/(default)";
      event.subject = "documents/d/e";
    } else if (row.cloud_event.find("auth") != std::string_view::npos) {
      event.source = "//firebaseauth.googleapis.com/projects/p";
      event.subject = "users/u";
      event.data = R"({"uid":"u","metadata":{"createTime":"a"}})";
    } else if (row.cloud_event.find("analytics") != std::string_view::npos) {
      event.source = "//firebase.googleapis.com/projects/p";
      event.subject = "events/e";
    } else {
      // Its location is not in the older event's own members.
      continue;
    }
    const auto text = to_background(event);
    ASSERT_TRUE(text.ok()) << row.cloud_event;
    const auto back = from_background(*text, "/");
    ASSERT_TRUE(back) << *text;
    EXPECT_EQ(*back, event) << *text;
  }
}

TEST(GoogleEvents, ADatabaseLosesItsLocationOnTheWayBack) {
  event::Event event;
  event.id = "1";
  event.type = "google.firebase.database.ref.v1.written";
  event.source = "//firebasedatabase.googleapis.com/projects/_/locations/x/instances/i";
  event.subject = "refs/a";
  event.data = "{}";
  EXPECT_THAT(*to_background(event), HasSubstr(R"("resource":"projects/_/instances/i/refs/a")"));
}

TEST(GoogleEvents, OtherTypesHaveNoOlderForm) {
  event::Event event;
  event.id = "1";
  event.type = "t";
  event.source = "//pubsub.googleapis.com/x";
  event.data = "{}";
  EXPECT_EQ(to_background(event).error().code, Code::kUnsupported);
}

// What has no whole resource, type or data is no event of theirs, and is not guessed at.
TEST(GoogleEvents, AreNoneWithoutWhatNamesThem) {
  constexpr char kPublish[] = "google.pubsub.topic.publish";
  constexpr char kTopic[] = R"({"service":"pubsub.googleapis.com","name":"projects/p/topics/t"})";
  EXPECT_FALSE(from_background(body("no.such.type", kTopic, "{}"), "/"));
  EXPECT_FALSE(from_background(body(kPublish, kTopic, "[]"), "/"));
  EXPECT_FALSE(from_background("[]", "/"));
  EXPECT_FALSE(from_background("{", "/"));
  const auto said = from_background(
      body(kPublish, kTopic, R"({"messageId":"m","publishTime":"2026-01-02T03:04:05Z"})"), "/");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->data, R"({"message":{"messageId":"m","publishTime":"2026-01-02T03:04:05Z"}})");
  const auto empty = from_background(
      body("google.storage.object.finalize", R"("projects/_/buckets/b/objects/a")", "[1]"), "/");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->data, "[1]");
}

TEST(GoogleEvents, APushThatNamesNoTopicIsOfItsSubscription) {
  const std::string text =
      R"({"subscription":"projects/p/subscriptions/s","message":{"messageId":"7"}})";
  for (const char* path : {"/projects//topics/t", "/projects/p/topic/t", "/projects/p/topics/"}) {
    const auto event = from_background(text, path);
    ASSERT_TRUE(event) << path;
    EXPECT_EQ(event->source, "//pubsub.googleapis.com/projects/p/subscriptions/s") << path;
    EXPECT_EQ(event->time, std::nullopt);
  }
}

TEST(GoogleEvents, OnlyEventsOfTheirsHaveAnOlderForm) {
  event::Event event;
  event.id = "1";
  event.type = "google.cloud.pubsub.topic.v1.messagePublished";
  event.data = R"( {"data":"aGk=","messageId":"1","publishTime":"x"} )";
  for (const char* source :
       {"", "/x", "//", "//pubsub.googleapis.com", "//pubsub.googleapis.com/", "///x"}) {
    event.source = source;
    EXPECT_FALSE(to_background(event).ok()) << source;
  }
  event.source = "//pubsub.googleapis.com/projects/p/topics/t";
  const auto plain = to_background(event);  // without "message" around it
  ASSERT_TRUE(plain.ok());
  EXPECT_THAT(*plain, HasSubstr(R"("data":{"data":"aGk="})"));
  event.data = "{";
  EXPECT_FALSE(to_background(event).ok());
  event.data.reset();
  EXPECT_FALSE(to_background(event).ok());
  event.data = "[]";
  event.type = "google.firebase.auth.user.v1.created";
  event.source = "//firebaseauth.googleapis.com/projects/p";
  event.subject = "users/u";
  EXPECT_TRUE(to_background(event).ok());
  event.type = "google.firebase.database.ref.v1.written";
  event.source = "//firebasedatabase.googleapis.com/projects/_/instances/i";  // without its place
  EXPECT_THAT(*to_background(event), HasSubstr("projects/_/instances/i/users/u"));
}

}  // namespace
}  // namespace ferry::platforms::knative
