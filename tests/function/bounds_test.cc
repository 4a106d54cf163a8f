// The bounds of what a manifest lists, and the odd words in it.
#include <gmock/gmock.h>

#include "function/grants.h"
#include "function/manifest.h"
#include "function/suggest.h"

namespace ferry::function {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::string& toml) {
  const auto manifest = parse_manifest(toml, "f.toml");
  return manifest.ok() ? "" : manifest.error().text();
}

// `count` of one entry: [section] key = ["entry", …].
std::string list_of(const std::string& section, const std::string& key, const std::string& entry,
                    std::size_t count) {
  std::string out = "[" + section + "]\n" + key + " = [";
  for (std::size_t i = 0; i < count; ++i) out += "\"" + entry + "\",";
  return out + "]\n";
}

TEST(ManifestBounds, ListsHaveAMostOfEntries) {
  struct List {
    const char* section;
    const char* key;
    const char* entry;
    std::size_t most;
    const char* message;
  };
  for (const List& each : {
           List{"function", "headers", "x-a", 100, "names more than 100 headers"},
           List{"function", "warm", "event.json", 100, "names more than 100 files"},
           List{"function", "args", "a", 1024, "has more than 1024 entries"},
           List{"function", "files", "a::/a", 1024, "has more than 1024 entries"},
           List{"grant", "connect", "a.example:1", 256, "has more than 256 entries"},
           List{"grant", "http", "a.example", 256, "has more than 256 entries"},
           List{"record", "redact", "$.a", 256, "has more than 256 entries"},
       }) {
    EXPECT_EQ(refusal(list_of(each.section, each.key, each.entry, each.most)), "") << each.key;
    EXPECT_THAT(refusal(list_of(each.section, each.key, each.entry, each.most + 1)),
                HasSubstr(each.message))
        << each.key;
  }
  EXPECT_THAT(refusal("[http.cors]\norigins = [" + std::string(5000, '1') + "]"),
              HasSubstr("f.toml:2"));
}

TEST(ManifestBounds, ArgumentsHoldNoNulAndWarmFilesHaveNames) {
  EXPECT_THAT(refusal("[function]\nargs = [\"a\\u0000b\"]"), HasSubstr("NUL"));
  EXPECT_THAT(refusal("[function]\nwarm = [\"\"]"), HasSubstr("holds an empty name"));
}

TEST(ManifestBounds, NamesAreWhatEveryPlatformTakes) {
  for (const char* good : {"a", "A-b_c.9", "_x", "9"}) {
    EXPECT_EQ(refusal("[function]\nname = \"" + std::string(good) + "\""), "") << good;
  }
  for (const char* wrong : {".a", "-a", "a b", "a:b", "a@b", "a[b", "a{b", "\\u00e9"}) {
    EXPECT_THAT(refusal("[function]\nname = \"" + std::string(wrong) + "\""),
                HasSubstr("is not a valid name"))
        << wrong;
  }
  EXPECT_EQ(refusal("[function]\nname = \"" + std::string(63, 'a') + "\""), "");
  EXPECT_NE(refusal("[function]\nname = \"" + std::string(64, 'a') + "\""), "");
}

TEST(ManifestBounds, HeadersAreTokensInLowerCase) {
  const auto manifest = parse_manifest("[function]\nheaders = [\"X-Token9\", \"a!#$|~\"]", "f");
  ASSERT_TRUE(manifest.ok()) << manifest.error().text();
  EXPECT_THAT(manifest->headers, ElementsAre("x-token9", "a!#$|~"));
  for (const char* wrong : {"a:b", "a@", "a[", "a{", "a,b", "a/b", "a;b"}) {
    EXPECT_THAT(refusal("[function]\nheaders = [\"" + std::string(wrong) + "\"]"),
                HasSubstr("is not a valid header name"))
        << wrong;
  }
}

TEST(ManifestBounds, CorsSaysWhatItWants) {
  const auto cors = [](const std::string& inside) {
    return refusal("[http]\ncors = { " + inside + " }");
  };
  const std::string any = R"(origins = ["*"], )";
  EXPECT_THAT(cors(any + "credentials = 1"), HasSubstr("wants true or false"));
  EXPECT_THAT(cors(any + "max_age = 86401"), HasSubstr("max_age"));
  EXPECT_THAT(cors(any + "methods = \"GET\""), HasSubstr("wants a list of at most"));
  EXPECT_THAT(cors(any + "expose = [1]"), HasSubstr("wants a string"));
  EXPECT_THAT(cors(any + "headers = [\"a b\"]"), HasSubstr("'a b' is not a name in HTTP"));
  for (const char* wrong : {"https://", "://a", "https://a?b", "https://a#b", "https://u@a",
                            "https://a b", "https://a,b", "https://\\u00e9", "null", ""}) {
    EXPECT_THAT(cors("origins = [\"" + std::string(wrong) + "\"]"), HasSubstr("is not an origin"))
        << wrong;
  }
  EXPECT_EQ(cors(R"(origins = ["https://a.example:8443", "app://x"], credentials = true)"), "");
}

TEST(Quantities, AreNumbersWithAFractionAndAKnownUnit) {
  EXPECT_EQ(*parse_size(" 1.5 KiB "), 1536U);
  EXPECT_EQ(*parse_size("9007199254740992"), 9007199254740992U);
  for (const char* wrong : {"", " ", ".", ".5MiB", "5.", "1.2.3", "1.0001B", "9007199254740993MiB",
                            "1 XiB", "MiB", "1e3", "0x10", "-1"}) {
    EXPECT_FALSE(parse_size(wrong).ok()) << wrong;
  }
  EXPECT_EQ(*parse_duration("0.25s"), std::chrono::milliseconds(250));
  for (const char* wrong : {"1", "0.1ms", "1d", "s"}) {
    EXPECT_FALSE(parse_duration(wrong).ok()) << wrong;
  }
}

TEST(DirGrant, NamesAFolderOnBothSides) {
  EXPECT_EQ(parse_dir_grant("./d::/data//")->guest, "/data");
  EXPECT_EQ(parse_dir_grant("./d::/data/:ro")->guest, "/data");
  EXPECT_EQ(parse_dir_grant("./d::/")->guest, "/");
  for (const std::string& wrong :
       {std::string("a::/b\0c", 7), std::string("::/b"), std::string("a:/b"), std::string("a::b"),
        std::string("a::/b:rw"), std::string("a::/../b"), std::string("a::/b//c"),
        std::string("a::")}) {
    EXPECT_FALSE(parse_dir_grant(wrong).ok()) << wrong;
  }
}

TEST(Suggest, OffersOnlyWhatIsNear) {
  const std::string_view known[] = {"timeout", "memory"};
  EXPECT_EQ(near_enough("timeot", known), "timeout");
  EXPECT_EQ(near_enough("colour", known), "");
}

TEST(Redactions, AreWholeOrRefused) {
  for (const char* good : {"$.a.b", "$.a[3]", "$.a[*].b", "$..card", "$['a b'].c", "$[\"x\"]",
                           "header:authorization", "$.*"}) {
    EXPECT_EQ(refusal("[record]\nredact = ['''" + std::string(good) + "''']"), "") << good;
  }
  std::string deep = "$";
  for (int i = 0; i < 65; ++i) deep += ".a";
  for (const std::string& wrong :
       {std::string("a"), std::string("$."), std::string("$.a["), std::string("$.a[]"),
        std::string("$.a[x]"), std::string("$.a[1"), std::string("$['a"), std::string("$['a'b]"),
        std::string("$.a b"), std::string("$.."), std::string("header:"),
        std::string("$[99999999999999999999]"), deep}) {
    EXPECT_NE(refusal("[record]\nredact = ['''" + wrong + "''']"), "") << wrong;
  }
}

TEST(Grants, ReadAsANetworkIsOrIsNot) {
  Grants grants;
  grants.connect = {"db.internal:5432"};
  grants.http = {"api.example.com"};
  const auto good = network_grants(grants);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->size(), 3U);  // of http, ports 443 and 80
  grants.http = {"https://x"};
  EXPECT_FALSE(network_grants(grants).ok());
  grants.connect = {"x"};
  EXPECT_FALSE(network_grants(grants).ok());
  Grants shown;
  shown.dirs = {{"/srv/a", "/a", true}, {"/srv/b", "/b", false}};
  shown.http = {"api.example.com:8443"};
  shown.ca = "-----BEGIN";
  EXPECT_THAT(describe_grants(shown),
              ElementsAre("dirs: /srv/a as /a, read-only", "dirs: /srv/b as /b",
                          "http: api.example.com:8443", "ca: certificates of its own"));
}

TEST(ManifestBounds, SaysWhatStandsInPlaceOfAString) {
  for (const auto& [value, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{ a = 1 }", "a table"},
           {"[]", "a list"},
           {"1", "a whole number"},
           {"1.5", "a number with a fraction"},
           {"true", "true or false"},
           {"2026-01-02", "a date or time"},
           {"07:30:00", "a date or time"}}) {
    EXPECT_THAT(refusal("[function]\nname = " + std::string(value)),
                HasSubstr("wants a string, not " + std::string(name)));
  }
  EXPECT_THAT(refusal("[limits]\nopen_files = \"3\""),
              HasSubstr("wants a whole number, not a string"));
}

}  // namespace
}  // namespace ferry::function
