#include "net/grant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::net {
namespace {

using testing::HasSubstr;

std::string read(std::string_view text) {
  auto grant = parse_grant(text);
  return grant.ok() ? to_string(*grant) : grant.error().text();
}

TEST(Grant, HasFourForms) {
  EXPECT_EQ(read("db.internal:5432"), "db.internal:5432");
  EXPECT_EQ(read("DB.Internal.:5432"), "db.internal:5432");
  EXPECT_EQ(read("*.svc:6379"), "*.svc:6379");
  EXPECT_EQ(read("10.2.0.0/16:5432"), "10.2.0.0/16:5432");
  EXPECT_EQ(read("192.0.2.7:80"), "192.0.2.7:80");
  EXPECT_EQ(read("[fd00::/8]:443"), "[fd00::/8]:443");
  EXPECT_EQ(read("[2001:db8::1]:80"), "[2001:db8::1]:80");
  EXPECT_EQ(read("localhost:5432"), "localhost:5432");
  EXPECT_EQ(parse_grant("localhost:1")->kind, Grant::Kind::kLocalhost);
  EXPECT_EQ(parse_grant("*.a.b:1")->kind, Grant::Kind::kSuffix);
  EXPECT_EQ(parse_grant("127.0.0.0/8:1")->kind, Grant::Kind::kNetwork);
}

TEST(Grant, ThatIsWrongSaysTheNearestForm) {
  EXPECT_THAT(read("db.internal"), HasSubstr("'db.internal': the port is missing"));
  EXPECT_THAT(read("db.internal"), HasSubstr("did you mean 'db.internal:443'?"));
  EXPECT_THAT(read("https://api.example.com/v1"), HasSubstr("did you mean 'api.example.com'?"));
  EXPECT_THAT(read("postgres://u:p@db:5432/x"), HasSubstr("did you mean 'db:5432'?"));
  EXPECT_THAT(read("db*.internal:1"), HasSubstr("did you mean '*.internal:1'?"));
  EXPECT_THAT(read("10.2.3.0/16:5432"), HasSubstr("did you mean '10.2.0.0/16:5432'?"));
  EXPECT_THAT(read("10.2.0.0/40:1"), HasSubstr("'40' is not a prefix length from 0 to 32"));
  EXPECT_THAT(read("fd00::1"), HasSubstr("did you mean '[fd00::1]:PORT'?"));
  EXPECT_THAT(read("db:0"), HasSubstr("'0' is not a port"));
  EXPECT_THAT(read("db:65536"), HasSubstr("not a port"));
  EXPECT_THAT(read("db:"), HasSubstr("'' is not a port"));
  EXPECT_THAT(read("*:443"), HasSubstr("'*' stands for whole labels"));
  EXPECT_THAT(read("10.2:80"), HasSubstr("not a host name or an IP address"));
  EXPECT_THAT(read("a b:80"), HasSubstr("not a host name or an IP address"));
  EXPECT_THAT(read("[::1:80"), HasSubstr("bracket"));
  EXPECT_THAT(read(""), HasSubstr("port is missing"));
}

TEST(Grant, OfHttpIsTwoPortsOrTheOneNamed) {
  auto both = parse_http_grant("api.example.com");
  ASSERT_TRUE(both.ok()) << both.error().text();
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ(to_string((*both)[0]), "api.example.com:443");
  EXPECT_EQ(to_string((*both)[1]), "api.example.com:80");
  EXPECT_TRUE((*both)[0].web);
  auto one = parse_http_grant("api.example.com:8443");
  ASSERT_TRUE(one.ok());
  ASSERT_EQ(one->size(), 1U);
  auto url = parse_http_grant("https://api.example.com/");
  ASSERT_FALSE(url.ok());
  EXPECT_THAT(url.error().hint, HasSubstr("'api.example.com'"));
}

TEST(Grant, NamesAreThoseOfDns) {
  EXPECT_EQ(normal_name("A.Example.COM."), "a.example.com");
  EXPECT_EQ(normal_name("_srv.x"), "_srv.x");
  for (std::string_view bad : {"", ".", "a..b", "-a", "a-", "a-.b", "a b", "a\nb", "ü.de", "*"}) {
    EXPECT_EQ(normal_name(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(normal_name(std::string(64, 'a')), std::nullopt);
  EXPECT_NE(normal_name(std::string(63, 'a')), std::nullopt);
}

}  // namespace
}  // namespace ferry::net
