// The functions frameworks' tables of event types, services and resources: data, not code.
#pragma once

#include <array>
#include <string_view>

namespace ferry::platforms::knative {

struct TypeRow {
  std::string_view background;
  std::string_view cloud_event;
};

// Of rows with one CloudEvents type, the first is the one to go back to.
inline constexpr std::array<TypeRow, 18> kTypes{{
    {"google.pubsub.topic.publish", "google.cloud.pubsub.topic.v1.messagePublished"},
    {"google.storage.object.finalize", "google.cloud.storage.object.v1.finalized"},
    {"google.storage.object.delete", "google.cloud.storage.object.v1.deleted"},
    {"google.storage.object.archive", "google.cloud.storage.object.v1.archived"},
    {"google.storage.object.metadataUpdate", "google.cloud.storage.object.v1.metadataUpdated"},
    {"providers/cloud.firestore/eventTypes/document.write",
     "google.cloud.firestore.document.v1.written"},
    {"providers/cloud.firestore/eventTypes/document.create",
     "google.cloud.firestore.document.v1.created"},
    {"providers/cloud.firestore/eventTypes/document.update",
     "google.cloud.firestore.document.v1.updated"},
    {"providers/cloud.firestore/eventTypes/document.delete",
     "google.cloud.firestore.document.v1.deleted"},
    {"providers/firebase.auth/eventTypes/user.create", "google.firebase.auth.user.v1.created"},
    {"providers/firebase.auth/eventTypes/user.delete", "google.firebase.auth.user.v1.deleted"},
    {"providers/google.firebase.analytics/eventTypes/event.log",
     "google.firebase.analytics.log.v1.written"},
    {"providers/google.firebase.database/eventTypes/ref.create",
     "google.firebase.database.ref.v1.created"},
    {"providers/google.firebase.database/eventTypes/ref.write",
     "google.firebase.database.ref.v1.written"},
    {"providers/google.firebase.database/eventTypes/ref.update",
     "google.firebase.database.ref.v1.updated"},
    {"providers/google.firebase.database/eventTypes/ref.delete",
     "google.firebase.database.ref.v1.deleted"},
    {"providers/cloud.pubsub/eventTypes/topic.publish",
     "google.cloud.pubsub.topic.v1.messagePublished"},
    {"providers/cloud.storage/eventTypes/object.change",
     "google.cloud.storage.object.v1.finalized"},
}};

inline constexpr std::string_view kPubSub = "pubsub.googleapis.com";
inline constexpr std::string_view kStorage = "storage.googleapis.com";
inline constexpr std::string_view kFirestore = "firestore.googleapis.com";
inline constexpr std::string_view kFirebase = "firebase.googleapis.com";
inline constexpr std::string_view kFirebaseAuth = "firebaseauth.googleapis.com";
inline constexpr std::string_view kFirebaseDb = "firebasedatabase.googleapis.com";

struct ServiceRow {
  std::string_view prefix;  // of a background type that names no service
  std::string_view service;
};
inline constexpr std::array<ServiceRow, 8> kServices{{
    {"providers/cloud.firestore/", kFirestore},
    {"providers/google.firebase.analytics/", kFirebase},
    {"providers/firebase.auth/", kFirebaseAuth},
    {"providers/google.firebase.database/", kFirebaseDb},
    {"providers/cloud.pubsub/", kPubSub},
    {"providers/cloud.storage/", kStorage},
    {"google.pubsub", kPubSub},
    {"google.storage", kStorage},
}};

// How a resource's name falls into the rest of `source` and `subject`: "*" stands for one segment
// of the path; `subject` begins with its own first segment and has at least one more; it is the
// rest of the name, or with `one_more` a single segment more.
struct ResourceRow {
  std::string_view service;
  std::array<std::string_view, 4> source;
  std::string_view subject;
  bool one_more = false;
};
inline constexpr std::array<ResourceRow, 4> kResources{{
    {kFirebase, {"projects", "*"}, "events", true},
    {kFirebaseDb, {"projects", "_", "instances", "*"}, "refs"},
    {kFirestore, {"projects", "*", "databases", "(default)"}, "documents"},
    {kStorage, {"projects", "_", "buckets", "*"}, "objects"},
}};

// Members of a Firebase user's metadata that have another name in CloudEvents.
struct NameRow {
  std::string_view background;
  std::string_view cloud_event;
};
inline constexpr std::array<NameRow, 2> kUserMetadata{{
    {"createdAt", "createTime"},
    {"lastSignedInAt", "lastSignInTime"},
}};

}  // namespace ferry::platforms::knative
