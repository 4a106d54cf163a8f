#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "platforms/lambda/deploy/api.h"

namespace ferry::deploy {
namespace {

namespace json = boost::json;

// Keeps what was sent; every function is there already, for x86_64.
class Account final : public Transport {
 public:
  Result<Response> send(const Request& request) override {
    bodies.push_back(request.method + " " + request.url.substr(request.url.rfind('/') + 1) + " " +
                     std::string(as_text(request.body)));
    if (request.method == "POST") return Response{201, {}, R"({"LayerVersionArn":"arn:layer"})"};
    const json::object there{{"FunctionArn", "arn:f"},
                             {"State", "Active"},
                             {"CodeSha256", code_sha256(as_bytes("zip"))},
                             {"Architectures", json::array{"x86_64"}},
                             {"Handler", "f"},
                             {"Runtime", "provided.al2023"},
                             {"Description", "d"},
                             {"Timeout", 3},
                             {"MemorySize", 128}};
    return Response{200, {}, json::serialize(there)};
  }
  std::vector<std::string> bodies;
};

LambdaFunction function_for(const char* architecture) {
  LambdaFunction out;
  out.name = out.handler = "f";
  out.description = "d";
  out.zip = {'z', 'i', 'p'};
  out.architecture = architecture;
  return out;
}

TEST(AwsLambda, AFunctionForAnotherArchitectureIsUpdated) {
  Account played;
  LambdaApi api(played, {}, system_clock());
  const auto same = api.put_function(function_for("x86_64"), {}, false);
  ASSERT_TRUE(same.ok()) << same.error().text();
  EXPECT_EQ(same->done, "unchanged");
  const auto moved = api.put_function(function_for("arm64"), {}, false);
  ASSERT_TRUE(moved.ok()) << moved.error().text();
  EXPECT_EQ(moved->done, "updated");
  EXPECT_THAT(played.bodies, testing::Contains(testing::AllOf(
                                 testing::StartsWith("PUT code "),
                                 testing::HasSubstr(R"("Architectures":["arm64"])"))));
}

TEST(AwsLambda, ALayerSaysWhatItIsFor) {
  Account played;
  LambdaApi api(played, {}, system_clock());
  LambdaLayer layer{"l", "d", {'z'}, "arm64"};
  ASSERT_TRUE(api.put_layer(layer, true).ok());
  EXPECT_THAT(played.bodies.back(), testing::HasSubstr(R"("CompatibleArchitectures":["arm64"])"));
}

}  // namespace
}  // namespace ferry::deploy
