// Who we are to AWS, from an environment and files that the test writes.
#include "platforms/lambda/deploy/aws_access.h"

#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::deploy {
namespace {

using testing::HasSubstr;

using Texts = std::map<std::string, std::string>;

AwsWorld world_of(Texts environment, Texts files = {}) {
  environment.emplace("HOME", "/home/ada");
  return {[environment](const char* name) {
            auto found = environment.find(name);
            return found == environment.end() ? std::string() : found->second;
          },
          [files = std::move(files)](const std::string& path) -> std::optional<std::string> {
            auto found = files.find(path);
            return found == files.end() ? std::nullopt : std::optional(found->second);
          }};
}

const Texts kKeys{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "secret"}};

Texts with(Texts texts, const Texts& more) {
  texts.insert(more.begin(), more.end());
  return texts;
}

TEST(AwsAccess, FromTheEnvironment) {
  auto access = find_aws_access(
      {}, world_of(with(kKeys, {{"AWS_SESSION_TOKEN", "t"}, {"AWS_REGION", "eu-west-1"}})), false);
  ASSERT_TRUE(access.ok()) << access.error().text();
  EXPECT_EQ(access->key_id, "AKID");
  EXPECT_EQ(access->session_token, "t");
  EXPECT_EQ(access->endpoint, "https://lambda.eu-west-1.amazonaws.com");
}

TEST(AwsAccess, ChinaHasANameOfItsOwn) {
  auto access = find_aws_access({"", "cn-north-1", ""}, world_of(kKeys), false);
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access->endpoint, "https://lambda.cn-north-1.amazonaws.com.cn");
}

const Texts kFiles{{"/home/ada/.aws/credentials",
                    "# mine\n[default]\naws_access_key_id=D\naws_secret_access_key = ds\n"
                    "[work]\r\naws_access_key_id = W\r\naws_secret_access_key = ws\r\n"},
                   {"/home/ada/.aws/config",
                    "[default]\nregion = us-east-1\n[profile work]\nregion = eu-central-1\n"
                    "s3 =\n  region = nowhere\n[profile sso]\nsso_session = s\n"}};

TEST(AwsAccess, FromAProfile) {
  auto access = find_aws_access({}, world_of({}, kFiles), false);
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access->key_id, "D");
  EXPECT_EQ(access->region, "us-east-1");
  access = find_aws_access({}, world_of({{"AWS_PROFILE", "work"}}, kFiles), false);
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access->secret, "ws");
  EXPECT_EQ(access->region, "eu-central-1");
}

TEST(AwsAccess, AProfileThatWasTypedComesBeforeTheEnvironment) {
  auto access = find_aws_access({"work", "", ""}, world_of(kKeys, kFiles), false);
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access->key_id, "W");
}

TEST(AwsAccess, WhatIsMissingIsSaid) {
  auto access = find_aws_access({}, world_of({}), false);
  ASSERT_FALSE(access.ok());
  EXPECT_THAT(access.error().text(), HasSubstr("aws configure"));
  access = find_aws_access({}, world_of(kKeys), false);
  ASSERT_FALSE(access.ok());
  EXPECT_THAT(access.error().text(), HasSubstr("AWS_REGION"));
  access = find_aws_access({"sso", "", ""}, world_of({}, kFiles), false);
  ASSERT_FALSE(access.ok());
  EXPECT_THAT(access.error().text(), HasSubstr("by sso_session"));
}

TEST(AwsAccess, ARegionIsNoPlaceForAnotherHost) {
  for (const char* bad : {"evil.example/", "a b", "EU", "x@y"}) {
    EXPECT_FALSE(find_aws_access({"", bad, ""}, world_of(kKeys), false).ok()) << bad;
  }
}

TEST(AwsAccess, NothingGoesUnencryptedToAnotherMachine) {
  const AwsWorld world = world_of(with(kKeys, {{"AWS_REGION", "r"}}));
  EXPECT_FALSE(find_aws_access({"", "", "http://192.0.2.1"}, world, false).ok());
  EXPECT_TRUE(find_aws_access({"", "", "http://192.0.2.1"}, world, true).ok());
  auto access = find_aws_access({"", "", "http://127.0.0.1:5000/"}, world, false);
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access->endpoint, "http://127.0.0.1:5000");
}

}  // namespace
}  // namespace ferry::deploy
