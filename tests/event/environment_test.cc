#include "event/environment.h"

#include <gmock/gmock.h>

namespace ferry::event {
namespace {

using ::testing::ElementsAre;

TEST(Environment, NamesEveryAttribute) {
  Event event;
  event.id = "1";
  event.source = "/s";
  event.type = "t";
  EXPECT_THAT(environment(event),
              ElementsAre("CE_ID=1", "CE_SOURCE=/s", "CE_TYPE=t", "CE_SPECVERSION=1.0"));
  event.subject = "a=b";
  event.time = "2026-11-22T13:04:05Z";
  event.datacontenttype = "text/plain";
  event.dataschema = "urn:x";
  event.extensions = {{"httpmethod", "GET"}, {"n1", 5}, {"yes", true}};
  EXPECT_THAT(
      environment(event),
      ElementsAre("CE_ID=1", "CE_SOURCE=/s", "CE_TYPE=t", "CE_SPECVERSION=1.0", "CE_SUBJECT=a=b",
                  "CE_TIME=2026-11-22T13:04:05Z", "CE_DATACONTENTTYPE=text/plain",
                  "CE_DATASCHEMA=urn:x", "CE_HTTPMETHOD=GET", "CE_N1=5", "CE_YES=true"));
}

// With --env CE_ID=x there were two.
TEST(Environment, OfEntriesOfOneNameTheLastStays) {
  std::vector<std::string> entries = {"CE_ID=x", "A=1", "B=", "A=2=3", "CE_ID=1", "AA=4"};
  keep_last_of_each(entries);
  EXPECT_THAT(entries, ElementsAre("B=", "A=2=3", "CE_ID=1", "AA=4"));
}

TEST(Environment, NeverHasANulByte) {
  Event event;
  event.id = std::string("a\0b", 3);
  event.source = "/s";
  event.extensions[std::string("x\0y", 3)] = "v";
  EXPECT_THAT(environment(event), ElementsAre("CE_SOURCE=/s", "CE_TYPE=", "CE_SPECVERSION=1.0"));
}

}  // namespace
}  // namespace ferry::event
