// Addresses as text, bytes and the kernel's form; and grants at the edges of their grammar.
#include "net/address.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "net/grant.h"
#include "net/policy.h"

namespace ferry::net {
namespace {

using testing::HasSubstr;

TEST(Address, IsReadWholeOrNotAtAll) {
  for (const std::string& wrong :
       {std::string(), std::string("1.2.3"), std::string("1.2.3.4.5"), std::string("256.1.1.1"),
        std::string("::g"), std::string("1.2.3.4\0", 8), std::string(60, '1'),
        std::string(" ::1")}) {
    EXPECT_FALSE(parse_address(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_address("::ffff:1.2.3.4")->v6);  // an IPv4 address in disguise
  const std::array<std::uint8_t, 5> five{};
  EXPECT_FALSE(address_from(five));
}

TEST(Address, GoesToTheKernelAndBack) {
  for (const char* text : {"192.0.2.7", "2001:db8::7"}) {
    const Endpoint there{*parse_address(text), 8443};
    sockaddr_storage storage{};
    EXPECT_EQ(to_sockaddr(there, storage),
              there.address.v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    const Endpoint back = from_sockaddr(storage);
    EXPECT_EQ(to_string(back), to_string(there));
  }
  sockaddr_storage other{};
  other.ss_family = AF_UNIX;
  EXPECT_EQ(from_sockaddr(other).port, 0);
}

TEST(Address, KindsAreNamed) {
  const auto kind = [](const char* text) {
    return std::string_view(kind_name(kind_of(*parse_address(text))));
  };
  EXPECT_EQ(kind("8.8.8.8"), "public");
  EXPECT_EQ(kind("10.1.2.3"), "private");
  EXPECT_EQ(kind("::1"), "loopback");
  EXPECT_EQ(kind("169.254.169.254"), "cloud metadata");
  EXPECT_EQ(kind("224.0.0.1"), "special-purpose");
}

std::string grant_refusal(std::string_view text) {
  const auto grant = parse_grant(text);
  return grant.ok() ? "" : grant.error().text();
}

TEST(Grant, AddressesHaveBracketsAndPrefixes) {
  EXPECT_THAT(grant_refusal("[::1]"), HasSubstr("the port is missing"));
  EXPECT_THAT(grant_refusal("[::1]8080"), HasSubstr("must follow the bracket"));
  EXPECT_THAT(grant_refusal("[::1]:x"), HasSubstr("not a port"));
  EXPECT_THAT(grant_refusal("a/8:1"), HasSubstr("'a' is not an IP address"));
  for (const char* length : {"", "x", "8x", "-1", "33", "99999999999"}) {
    EXPECT_THAT(grant_refusal("10.0.0.0/" + std::string(length) + ":1"),
                HasSubstr("is not a prefix length from 0 to 32"))
        << length;
  }
  EXPECT_THAT(grant_refusal("[fd00::1/8]:1"), HasSubstr("did you mean '[fd00::/8]:1'?"));
  for (const char* same : {"[fd00::/8]:1", "[::1]:80", "10.0.0.0/8:5432", "192.0.2.1:80",
                           "*.svc:6379", "localhost:1"}) {
    EXPECT_EQ(to_string(*parse_grant(same)), same);
  }
  EXPECT_FALSE(parse_http_grant("[::1").ok());
  EXPECT_FALSE(parse_http_grant("a b").ok());
  EXPECT_FALSE(parse_http_grant("a:0").ok());
  EXPECT_FALSE(parse_http_grant("u@a.example").ok());
}

TEST(Grant, NamesAreOfLabels) {
  for (const char* good : {"a", "A.b.", "a-b.c", "_srv._tcp.x", "9.example"}) {
    EXPECT_TRUE(normal_name(good)) << good;
  }
  const std::string label(63, 'a');
  std::string five = label;
  for (int i = 1; i < 5; ++i) five.append(".").append(label);
  EXPECT_TRUE(normal_name(label));
  for (const std::string& wrong :
       {std::string(""), std::string("."), std::string(".a"), std::string("a..b"),
        std::string("-a"), std::string("a-"), std::string("a-.b"), std::string("a.-b"),
        std::string("a@b"), std::string("a[b"), std::string("a{b"), std::string("a:b"), label + "a",
        five}) {
    EXPECT_FALSE(normal_name(wrong)) << wrong;
  }
  for (const char* inside :
       {"db", "db.internal", "internal", "a.local", "x.home.arpa", "a.b.svc"}) {
    EXPECT_TRUE(is_private_use(inside)) << inside;
  }
  for (const char* outside : {"a.example", "myinternal.example", "x.notlocal"}) {
    EXPECT_FALSE(is_private_use(outside)) << outside;
  }
}

// The Runtime API's own address may not be connected to by the function that it feeds.
TEST(Policy, ReservedEndpointsAreReadOrNone) {
  for (const auto& [text, endpoint] : std::initializer_list<std::pair<const char*, const char*>>{
           {"127.0.0.1:9001", "127.0.0.1:9001"}, {"localhost:80", "127.0.0.1:80"}}) {
    const auto read = reserved_endpoints(text);
    ASSERT_EQ(read.size(), 1U) << text;
    EXPECT_EQ(to_string(read[0]), endpoint);
  }
  EXPECT_TRUE(reserved_endpoints("").empty());
  EXPECT_TRUE(reserved_endpoints("127.0.0.1").empty());
  EXPECT_TRUE(reserved_endpoints("api.example:80").empty());
}

}  // namespace
}  // namespace ferry::net
