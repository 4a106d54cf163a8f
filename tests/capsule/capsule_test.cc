#include "capsule/capsule.h"

#include <filesystem>
#include <fstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "base/scratch.h"
#include "capsule/full_capsule.h"
#include "capsule/store.h"

namespace ferry::capsule {
namespace {

TEST(Capsule, IsReadAsItWasWritten) {
  const auto line = to_line(full());
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->find('\n'), std::string::npos);
  const auto read = parse_capsule(*line);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->event, full().event);  // white space around JSON data too
  EXPECT_EQ(read->request, full().request);
  EXPECT_EQ(read->draws.random, full().draws.random);
  EXPECT_EQ(read->deadline, 99);
  EXPECT_EQ(read->variables, full().variables);
  EXPECT_EQ(read->withheld, full().withheld);
  EXPECT_EQ(read->files, full().files);
  EXPECT_EQ(read->redacted, full().redacted);
  EXPECT_TRUE(differences(full().result, read->result, true).empty());
  EXPECT_EQ(read->result.usage.memory_bytes, 65536u);
  const auto again = to_line(*read);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *line);
}

TEST(Capsule, OfALaterVersionIsRefused) {
  const auto read = parse_capsule(R"({"ferry_capsule":3})");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::kUnsupported);
  EXPECT_NE(read.error().message.find("version 3"), std::string::npos);
  bool cut = false;
  const auto file = parse_capsules("ferry-capsules 4\nwhatever", "f", &cut);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, Code::kUnsupported);
  EXPECT_NE(file.error().message.find("f: capsules of version 4"), std::string::npos);
}

TEST(Capsule, OfTheFirstVersionIsRead) {
  std::string line = *to_line(full());
  line.replace(line.find(":2"), 2, ":1");
  EXPECT_TRUE(parse_capsule(line).ok());
}

TEST(Capsule, LikeAnotherHasItsOrigin) {
  const std::string whole = *to_line(full());
  const std::string head = "{\"ferry_capsule\":2,";
  const std::string body = whole.substr(whole.find("\"recorded\""));
  const std::string first = head + "\"number\":1," + whole.substr(head.size());
  std::string other = first;
  other.replace(other.find("\"orders\""), 8, "\"others\"");
  const std::string like = head + "\"like\":1," + body;
  bool cut = false;
  const auto all =
      parse_capsules(first + "\n" + like + "\n" + other + "\n" + like + "\n", "f", &cut);
  ASSERT_TRUE(all.ok()) << all.error().text();
  ASSERT_EQ(all->size(), 4u);
  EXPECT_EQ((*all)[1].function, "orders");
  EXPECT_EQ((*all)[1].manifest, full().manifest);
  EXPECT_EQ((*all)[1].withheld, full().withheld);
  EXPECT_EQ((*all)[3].function, "others");
  // Made whole again when it is written alone.
  EXPECT_EQ(*to_line((*all)[1]), whole);
  const auto alone = parse_capsules(like + "\n" + first + "\n", "f", &cut);
  ASSERT_FALSE(alone.ok());
  EXPECT_NE(alone.error().message.find("like number 1"), std::string::npos);
  EXPECT_FALSE(parse_capsule(like).ok());
}

TEST(Capsule, EachMissingMemberIsNamed) {
  for (const char* member :
       {"recorded", "invocation", "function", "engine", "event", "manifest", "outcome"}) {
    auto line = to_line(full());
    ASSERT_TRUE(line.ok());
    const std::string key = "\"" + std::string(member) + "\":";
    line->replace(line->find(key), key.size(), "\"other\":");
    const auto read = parse_capsule(*line);
    ASSERT_FALSE(read.ok()) << member;
    EXPECT_NE(read.error().message.find(member), std::string::npos) << read.error().message;
  }
}

// Each value in turn is one of another kind: what a string, a number, a list or an object stands
// for is never taken from anything else.
TEST(Capsule, EachMemberOfAnotherKindIsNamed) {
  const boost::json::value whole = boost::json::parse(*to_line(full()));
  int refused = 0;
  const auto replace_in = [&](auto&& self, boost::json::value& root, boost::json::value& at,
                              const std::string& name) -> void {
    const boost::json::value before = at;
    for (const boost::json::value& other :
         {boost::json::value("x y"), boost::json::value(1.5), boost::json::value(true),
          boost::json::value(boost::json::array{boost::json::value(1.5)}),
          boost::json::value(boost::json::object())}) {
      if (other.kind() == before.kind()) continue;
      at = other;
      const auto read = parse_capsule(boost::json::serialize(root));
      if (read.ok()) continue;  // a member that nobody reads, or another form of the same
      ++refused;
      EXPECT_NE(read.error().message, "") << name;
    }
    at = before;
    if (at.is_object()) {
      for (auto& [key, value] : at.get_object()) self(self, root, value, std::string(key));
    } else if (at.is_array()) {
      for (boost::json::value& each : at.get_array()) self(self, root, each, name + "[]");
    }
  };
  boost::json::value root = whole;
  replace_in(replace_in, root, root, "");
  EXPECT_GT(refused, 100);
  EXPECT_TRUE(parse_capsule(boost::json::serialize(root)).ok());
}

class CapsuleFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "ferry-capsules-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  Result<std::vector<Capsule>> read(const std::string& name = "") {
    notes.clear();
    return read_capsules(name.empty() ? folder : folder / name, notes);
  }

  std::filesystem::path folder;
  std::vector<std::string> notes;
};

TEST_F(CapsuleFiles, OfAFolderAreReadInTheOrderOfTheirNames) {
  Capsule second = full();
  second.invocation = "0193-2";
  put("b.capsules", *to_line(second) + "\n");
  put("a.capsules", *to_line(full()) + "\n");
  put("other.txt", "no capsule");
  const auto all = read();
  ASSERT_TRUE(all.ok()) << all.error().text();
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].invocation, "0193-1");
  EXPECT_EQ((*all)[1].invocation, "0193-2");
  EXPECT_TRUE(notes.empty());
}

TEST_F(CapsuleFiles, ThatAreCutOrEmptyAreSaidToBe) {
  const std::string line = *to_line(full());
  put("cut.capsules", line + "\n" + line.substr(0, 50));
  put("empty.capsules", "");
  const auto all = read();
  ASSERT_TRUE(all.ok()) << all.error().text();
  EXPECT_EQ(all->size(), 1U);
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_NE(notes[0].find("cut.capsules: its last capsule is not whole"), std::string::npos);
  EXPECT_NE(notes[1].find("empty.capsules holds no capsule"), std::string::npos);
}

TEST_F(CapsuleFiles, ThatAreNotThereOrNoneAreErrors) {
  const auto none = read();
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::kNotFound);
  EXPECT_FALSE(read("missing.capsules").ok());
  put("wrong.capsules", "{}\n{}\n");
  EXPECT_FALSE(read("wrong.capsules").ok());
}

TEST(Capsule, OfWhichTheLastIsHalfKeepsTheOthers) {
  const std::string line = *to_line(full());
  bool cut = false;
  const auto all = parse_capsules(line + "\n" + line.substr(0, 100), "f", &cut);
  ASSERT_TRUE(all.ok()) << all.error().text();
  EXPECT_EQ(all->size(), 1u);
  EXPECT_TRUE(cut);
  const auto middle = parse_capsules(line.substr(0, 100) + "\n" + line + "\n", "f", &cut);
  ASSERT_FALSE(middle.ok());
  EXPECT_NE(middle.error().message.find("f:1"), std::string::npos);
}

TEST(Capsule, DifferencesNameEachField) {
  Seen now = full().result;
  now.status = "ok";
  now.data = "other";
  now.logs[0].text = "another";
  const auto found = differences(full().result, now, true);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].field, "status");
  EXPECT_EQ(found[1].field, "reply");
  EXPECT_EQ(found[2].field, "log");
}

TEST(Capsule, WhatADeadlineEndedIsComparedAsFarAsBothCame) {
  Seen recorded = full().result;
  recorded.status = "timeout";
  recorded.logs = {{{}, "line 1"}, {{}, "line 2"}, {{}, "li"}};
  Seen now = recorded;
  now.logs = {{{}, "line 1"}, {{}, "line 2"}, {{}, "line 3"}, {{}, "line 4"}};
  now.log_truncated = !recorded.log_truncated;
  EXPECT_TRUE(differences(recorded, now, true).empty());
  EXPECT_TRUE(differences(now, recorded, true).empty());
  now.logs[1].text = "line x";
  ASSERT_EQ(differences(recorded, now, true).size(), 1u);
  EXPECT_EQ(differences(recorded, now, true)[0].field, "log");
}

TEST(Draws, AreGivenAgainInOrder) {
  host::DrawRecorder recorder(system_clock(), system_random());
  const WallTime wall = recorder.clock().wall();
  const Monotonic first = recorder.clock().monotonic();
  const Monotonic second = recorder.clock().monotonic();
  std::array<std::uint8_t, 40> bytes{};
  recorder.random().fill(bytes);

  host::DrawReplay replay(recorder.draws());
  std::array<std::uint8_t, 40> again{};
  replay.random().fill(again);
  EXPECT_EQ(again, bytes);
  EXPECT_EQ(replay.clock().wall(), wall);
  EXPECT_EQ(replay.clock().monotonic(), first);
  EXPECT_FALSE(replay.used_up());
  EXPECT_EQ(replay.clock().monotonic(), second);
  EXPECT_TRUE(replay.used_up());
  EXPECT_FALSE(replay.ran_out());
  EXPECT_GT(replay.clock().monotonic(), second);  // goes on
  EXPECT_TRUE(replay.ran_out());
}

TEST(Draws, BeyondTheBoundAreSaidToBeMissing) {
  host::DrawRecorder recorder(system_clock(), system_random());
  std::vector<std::uint8_t> bytes(host::Draws::kMostRandom + 1);
  recorder.random().fill(bytes);
  EXPECT_TRUE(recorder.draws().cut);
  EXPECT_EQ(recorder.draws().random.size(), host::Draws::kMostRandom);
}

TEST(RecordOptions, NameTheVariableThatMakesNoSense) {
  const auto with = [](const char* name, const char* value) {
    return record_options(with_environment({}, [=](const char* asked) -> const char* {
      return std::string_view(asked) == name ? value : nullptr;
    }));
  };
  EXPECT_TRUE(with("FERRY_RECORD", "x").ok());
  EXPECT_EQ(with("FERRY_RECORD_RATE", "0.25")->rate, 0.25);
  for (const auto& [name, value] :
       {std::pair("FERRY_RECORD_RATE", "2"), std::pair("FERRY_RECORD_RATE", "nan"),
        std::pair("FERRY_RECORD_RATE", "0.5x"), std::pair("FERRY_RECORD_ONLY", "some"),
        std::pair("FERRY_RECORD_SIZE", "1KiB"), std::pair("FERRY_RECORD_SIZE", "much")}) {
    const auto options = with(name, value);
    ASSERT_FALSE(options.ok()) << name << value;
    EXPECT_EQ(options.error().code, Code::kUsage);
    EXPECT_NE(options.error().message.find(name), std::string::npos);
  }
}

TEST(RecordOptions, OfTheCommandLineCountBeforeTheEnvironment) {
  const auto env = [](const char*) { return "0.5"; };
  EXPECT_EQ(with_environment({.rate = "0.1"}, env).rate, "0.1");
  EXPECT_EQ(with_environment({}, env).rate, "0.5");
}

}  // namespace
}  // namespace ferry::capsule
