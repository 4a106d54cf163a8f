#include "function/grants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::function {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Grants, OfAManifestThatReachInsideAreTold) {
  const auto inside = [](std::string_view text) { return reaches_inside(*net::parse_grant(text)); };
  EXPECT_TRUE(inside("db.example.com:5432"));  // an exact name may lead to a private address
  EXPECT_TRUE(inside("localhost:1"));
  EXPECT_TRUE(inside("10.0.0.0/8:1"));
  EXPECT_TRUE(inside("*.svc:1"));
  EXPECT_TRUE(inside("169.254.169.254:80"));
  EXPECT_FALSE(inside("*.example.com:443"));
  EXPECT_FALSE(inside("8.8.8.8:53"));
  EXPECT_FALSE(reaches_inside(net::parse_http_grant("api.example.com")->front()));
}

TEST(Grants, AreShownWithoutValues) {
  Grants grants;
  grants.env = {{"LEVEL", "info"}};
  grants.env_from = {"FERRY_TEST_NOT_SET"};
  grants.connect = {"db.internal:5432"};
  grants.http = {"api.example.com"};
  EXPECT_THAT(describe_grants(grants),
              ElementsAre("env: LEVEL", "env_from: FERRY_TEST_NOT_SET (not set here)",
                          "connect: db.internal:5432", "http: api.example.com (ports 443 and 80)"));
}

TEST(Grants, OfCertificatesLetNothingElseThrough) {
  const std::string one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  EXPECT_EQ(*certificates_in("comment\n" + one + "\nroot:x:0:0\n", "ca.pem"), one + "\n");
  const auto none = certificates_in("root:x:0:0\n", "/etc/passwd");
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("/etc/passwd has no certificate"));
  EXPECT_FALSE(certificates_in("-----BEGIN CERTIFICATE-----\nAAAA", "x").ok());
  EXPECT_FALSE(
      certificates_in("-----BEGIN CERTIFICATE-----\nroot:x\n-----END CERTIFICATE-----", "x").ok());
}

}  // namespace
}  // namespace ferry::function
