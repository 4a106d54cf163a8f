#include "capsule/entry.h"

#include <gtest/gtest.h>

#include "capsule/event_view.h"
#include "capsule/full_capsule.h"
#include "capsule/line.h"

namespace ferry::capsule {
namespace {

std::string event_of(const Capsule& capsule) {
  EntryBuffer buffer;
  append_event(buffer, EventView(capsule));
  return std::string(buffer.view());
}

// As the store writes it.
std::string file_of(const std::vector<Capsule>& capsules) {
  std::string out(kFileHead);
  std::uint64_t number = 0;
  for (const Capsule& each : capsules) {
    append_origin_entry(out, ++number, origin_members(each));
    append_event_entry(out, number, event_of(each));
  }
  return out;
}

Capsule with_readings() {
  Capsule out = full();
  out.draws.wall = {1, INT64_MIN, INT64_MAX, 0};
  out.draws.monotonic = {INT64_MAX, INT64_MIN};
  out.deadline = -5;
  out.result.usage.queue_us = 0.1;
  out.result.usage.run_us = 123456.7;
  out.result.usage.instructions = 7;
  out.event.extensions["text"] = "x";
  out.event.extensions["no"] = false;
  out.event.extensions["count"] = std::int32_t{INT32_MIN};
  out.event.subject = "s";
  return out;
}

TEST(Entries, AreReadAsTheyWereWritten) {
  bool cut = true;
  Capsule other = full();
  other.function = "others";
  other.event.data.reset();
  other.request.reset();
  other.deadline.reset();
  other.result = {};
  other.result.status = "ok";
  const std::vector<Capsule> all{full(), with_readings(), other};
  const auto read = parse_capsules(file_of(all), "f", &cut);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_FALSE(cut);
  ASSERT_EQ(read->size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(*to_line((*read)[i]), *to_line(all[i]));
    EXPECT_EQ((*read)[i].result.usage.instructions, all[i].result.usage.instructions);
  }
}

TEST(Entries, ThatAreCutAnywhereAreLeftOutAndNothingElseIs) {
  const std::string one = file_of({full()});
  std::string file = one;
  append_event_entry(file, 1, event_of(full()));
  for (std::size_t size = one.size() + 1; size < file.size(); ++size) {
    bool cut = false;
    const auto read = parse_capsules(std::string_view(file).substr(0, size), "f", &cut);
    ASSERT_TRUE(read.ok()) << size << read.error().text();
    EXPECT_EQ(read->size(), 1u);
    EXPECT_TRUE(cut) << size;
  }
  bool cut = false;
  const auto zeros = parse_capsules(one + std::string(100, '\0'), "f", &cut);
  ASSERT_TRUE(zeros.ok());
  EXPECT_TRUE(cut);
  EXPECT_EQ(zeros->size(), 1u);
}

TEST(Entries, SayWhereTheyAreWrong) {
  const auto message = [](const std::string& file) {
    bool cut = false;
    const auto read = parse_capsules(file, "f", &cut);
    return read.ok() ? "" : read.error().text();
  };
  const std::string head(kFileHead);
  std::string file = head;
  append_event_entry(file, 1, event_of(full()));
  EXPECT_NE(message(file).find("f: at offset 21: no entry before it has its origin, 1"),
            std::string::npos)
      << message(file);
  EXPECT_NE(message(head + std::string("\2\0\0\0\7\1", 6)).find("of no kind"), std::string::npos);
  file = head;
  append_origin_entry(file, 1, origin_members(full()));
  const std::string event = event_of(full());
  std::string longer = file;
  append_event_entry(longer, 1, event + "x");
  EXPECT_NE(message(longer).find("longer than what is in it"), std::string::npos);
  for (std::size_t size = 0; size < event.size(); ++size) {
    std::string shorter = file;
    append_event_entry(shorter, 1, event.substr(0, size));
    EXPECT_NE(message(shorter), "") << size;
  }
}

// A plain request's attributes are made when the capsule is read, where nobody asked before.
TEST(Entries, OfARequestAloneHaveItsAttributes) {
  std::string file(kFileHead);
  append_origin_entry(file, 3, origin_members(full()));
  EntryBuffer event;
  event.number(EntryFlags::kData | EntryFlags::kRequest);
  event.signed_number(1'000'000'000);
  event.signed_number(500'000'000);
  event.bytes("01-invocation");
  event.bytes("{}");
  for (const char* each : {"https", "PUT", "host:1", "/app/x?y=z", "/app"}) event.bytes(each);
  event.number(2);
  for (const char* each : {"User-Agent", "curl", "Content-Type", "application/json"}) {
    event.bytes(each);
  }
  for (int list = 0; list < 6; ++list) event.number(0);  // args … randomness
  event.bytes("");                                       // denied
  event.bytes("ok");
  event.signed_number(0);
  for (int text = 0; text < 5; ++text) event.bytes("");
  for (int number = 0; number < 6; ++number) event.number(0);  // logs, usage
  append_event_entry(file, 3, event.view());
  bool cut = false;
  const auto read = parse_capsules(file, "f", &cut);
  ASSERT_TRUE(read.ok()) << read.error().text();
  ASSERT_EQ(read->size(), 1u);
  const event::Event& made = (*read)[0].event;
  EXPECT_EQ(made.source, "https://host:1/app/x");
  EXPECT_EQ(made.subject, "/x");
  EXPECT_EQ(made.time, "1970-01-01T00:00:00.5Z");
  EXPECT_EQ(made.datacontenttype, "application/json");
  EXPECT_EQ(made.data, "{}");
  EXPECT_EQ(std::get<std::string>(made.extensions.at("httpmethod")), "PUT");
  EXPECT_EQ(std::get<std::string>(made.extensions.at("httpquery")), "y=z");
  EXPECT_EQ(std::get<std::string>(made.extensions.at("httpuseragent")), "curl");
  const auto again = parse_capsules(file, "f", &cut);
  EXPECT_EQ((*again)[0].event, made);  // its id too
}

TEST(EntryBuffer, KeepsWhatItHasWhenItGrows) {
  EntryBuffer buffer;
  std::string expected;
  for (int i = 0; i < 3; ++i) {
    const std::string part(70'000, static_cast<char>('a' + i));
    buffer.bytes(part);
    expected += "\xF0\xA2\x04" + part;
  }
  EXPECT_EQ(buffer.view(), expected);
  buffer.clear();
  EXPECT_TRUE(buffer.view().empty());
}

}  // namespace
}  // namespace ferry::capsule
