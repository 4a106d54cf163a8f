// Names, challenges, logins, and pushes to registries that mean no good.
#include "deploy/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"

namespace ferry::deploy {
namespace {

using testing::HasSubstr;

TEST(ImageName, NamesItsRegistry) {
  const auto name = parse_image_name("localhost:5000/team/hello:1.2");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->registry, "localhost:5000");
  EXPECT_EQ(name->name, "team/hello");
  EXPECT_EQ(name->tag, "1.2");
  EXPECT_EQ(parse_image_name("r.example/hello")->tag, "latest");
  for (const char* bad : {"hello", "team/hello", "r.example/", "r.example/Hello", "r.example/a:b:c",
                          "r.example/../x", "r.example/a?b", "https://r.example/a"}) {
    EXPECT_FALSE(parse_image_name(bad).ok()) << bad;
  }
}

TEST(Challenge, IsReadWithAndWithoutQuotes) {
  const auto read = parse_challenge(
      R"(Bearer realm="https://a.example/token?x=\"1\"",service=reg, scope="a,b" , Basic realm=x)");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->scheme, "bearer");
  EXPECT_EQ(read->parameter("realm"), R"(https://a.example/token?x="1")");
  EXPECT_EQ(read->parameter("service"), "reg");
  EXPECT_EQ(read->parameter("scope"), "a,b");
  EXPECT_EQ(read->parameters.size(), 3u);
  EXPECT_FALSE(parse_challenge("").has_value());
  EXPECT_EQ(parse_challenge("Bearer realm=\"never ended")->parameter("realm"), "never ended");
}

TEST(Login, IsThatOfTheRegistry) {
  constexpr char kConfig[] = R"({"auths":{"r.example":{"auth":"dTpw"},"s.example":{},
    "https://index.docker.io/v1/":{"auth":"YTpi"}},"credHelpers":{"g.example":"gcloud"},
    "credsStore":"desktop"})";
  EXPECT_EQ(find_login(kConfig, "r.example").user_password, "u:p");
  EXPECT_EQ(find_login(kConfig, "docker.io").user_password, "a:b");
  EXPECT_EQ(find_login(kConfig, "s.example").helper, "desktop");
  EXPECT_EQ(find_login(kConfig, "g.example").helper, "gcloud");
  EXPECT_EQ(find_login("junk", "r.example").user_password, "");
}

// Answers by what is asked; keeps what was sent.
class PlayedBy final : public Transport {
 public:
  explicit PlayedBy(std::function<Response(const Request&)> answer) : answer_(std::move(answer)) {}
  Result<Response> send(const Request& request) override {
    sent.push_back(request);
    return answer_(request);
  }
  std::vector<Request> sent;

 private:
  std::function<Response(const Request&)> answer_;
};

package::Image image() {
  package::ImageSpec spec;
  spec.tag = "hello";
  spec.files = {{"a", Bytes{1, 2, 3}, 0644}};
  return *package::write_image({&spec, 1});
}

ImageName name() { return *parse_image_name("r.example/hello:1"); }

std::string_view authorization_of(const Request& request) {
  for (const auto& [key, value] : request.fields) {
    if (key == "Authorization") {
      return value;
    }
  }
  return {};
}

TEST(Push, NeverTellsAnotherHostWhoWeAre) {
  PlayedBy played([](const Request& request) {
    if (request.url.ends_with("/v2/")) {
      return Response{401, {{"www-authenticate", "Basic realm=r"}}, ""};
    }
    if (request.method == "HEAD") {
      return Response{404, {}, ""};
    }
    if (request.method == "POST") {
      return Response{202, {{"location", "https://r.example.evil.example/upload"}}, ""};
    }
    return Response{201, {}, ""};
  });
  PushOptions options;
  options.login.user_password = "u:p";
  ASSERT_TRUE(push_image(played, name(), image(), options).ok());
  int elsewhere = 0;
  for (const Request& request : played.sent) {
    const bool ours = host_of(request.url) == "r.example";
    elsewhere += ours ? 0 : 1;
    EXPECT_EQ(authorization_of(request).empty(), !ours || request.url.ends_with("/v2/"))
        << request.url;
  }
  EXPECT_EQ(elsewhere, 2);
}

TEST(Push, SendsEachManifestByDigestAndTheIndexUnderTheTag) {
  std::vector<package::ImageSpec> specs(2);
  for (package::ImageSpec& spec : specs) {
    spec.tag = "hello";
    spec.files = {{"a", Bytes{1, 2, 3}, 0644}};
  }
  specs[1].architecture = "arm64";
  const package::Image both = *package::write_image(specs);
  PlayedBy played([](const Request& request) {
    return Response{request.method == "PUT" ? 201 : 200, {}, ""};
  });
  const auto pushed = push_image(played, name(), both, {});
  ASSERT_TRUE(pushed.ok()) << pushed.error().text();
  EXPECT_EQ(*pushed, "r.example/hello@" + both.digest);
  std::vector<std::string> puts;
  for (const Request& request : played.sent) {
    if (request.method == "PUT") {
      puts.push_back(request.url.substr(request.url.rfind('/') + 1) + " " +
                     request.fields.front().second);
    }
  }
  constexpr char kManifest[] = " application/vnd.oci.image.manifest.v1+json";
  EXPECT_THAT(puts, testing::ElementsAre(both.platforms[0].digest + kManifest,
                                         both.platforms[1].digest + kManifest,
                                         "1 application/vnd.oci.image.index.v1+json"));
}

TEST(Push, SendsNoPasswordToAnUnencryptedRealm) {
  PlayedBy played([](const Request&) {
    return Response{401, {{"www-authenticate", "Bearer realm=\"http://evil.example/t\""}}, ""};
  });
  PushOptions options;
  options.login.user_password = "u:p";
  const auto pushed = push_image(played, name(), image(), options);
  ASSERT_FALSE(pushed.ok());
  EXPECT_EQ(pushed.error().code, Code::kDenied);
  EXPECT_EQ(played.sent.size(), 1u);
}

TEST(Push, DoesNotFollowAnUploadOutOfTls) {
  for (const char* place : {"http://r.example/x", "//evil.example/x", "file:///etc/passwd", ""}) {
    PlayedBy played([&](const Request& request) {
      if (request.method == "HEAD") {
        return Response{404, {}, ""};
      }
      return request.method == "POST" ? Response{202, {{"location", place}}, ""}
                                      : Response{200, {}, ""};
    });
    EXPECT_EQ(push_image(played, name(), image(), {}).error().code, Code::kDenied) << place;
  }
}

TEST(Push, NoticesAChangedImage) {
  PlayedBy played([](const Request& request) {
    return request.method == "PUT" ? Response{201, {{"docker-content-digest", "sha256:00"}}, ""}
                                   : Response{200, {}, ""};
  });
  const auto pushed = push_image(played, name(), image(), {});
  ASSERT_FALSE(pushed.ok());
  EXPECT_THAT(pushed.error().message, HasSubstr("sha256:00"));
}

TEST(Push, NamesTheHelperThatKnowsTheLogin) {
  PlayedBy played([](const Request&) {
    return Response{401, {{"www-authenticate", "Basic realm=r"}}, ""};
  });
  PushOptions options;
  options.login.helper = "desktop";
  EXPECT_THAT(push_image(played, name(), image(), options).error().hint, HasSubstr("'desktop'"));
}

}  // namespace
}  // namespace ferry::deploy
