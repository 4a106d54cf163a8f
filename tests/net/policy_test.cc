// The rules of docs/network-policy.md, one test each.
#include "net/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::net {
namespace {

using testing::HasSubstr;

Policy policy(std::initializer_list<std::string_view> connect,
              std::initializer_list<std::string_view> http = {}) {
  std::vector<Grant> grants;
  for (std::string_view text : connect) grants.push_back(*parse_grant(text));
  for (std::string_view text : http) {
    auto pair = parse_http_grant(text);
    grants.insert(grants.end(), pair->begin(), pair->end());
  }
  return Policy(std::move(grants), reserved_endpoints("127.0.0.1:9001"));
}

Endpoint at(std::string_view address, std::uint16_t port) {
  auto parsed = parse_address(address);
  EXPECT_TRUE(parsed) << address;
  return {parsed.value_or(Address{}), port};
}

bool leads(const Policy& policy, std::string_view name, std::string_view address,
           std::uint16_t port = 443) {
  return policy.may_use(name, at(address, port)).ok();
}

bool reaches(const Policy& policy, std::string_view address, std::uint16_t port) {
  return policy.may_connect(at(address, port), {}).ok();
}

constexpr std::string_view kNotPublic[] = {"127.0.0.1",
                                           "127.9.9.9",
                                           "10.0.0.1",
                                           "172.16.0.1",
                                           "172.31.255.255",
                                           "192.168.1.1",
                                           "100.64.0.1",
                                           "169.254.1.1",
                                           "224.0.0.1",
                                           "0.0.0.0",
                                           "0.1.2.3",
                                           "169.254.169.254",
                                           "169.254.170.2",
                                           "255.255.255.255",
                                           "192.0.2.1",
                                           "198.18.0.1",
                                           "168.63.129.16",
                                           "::1",
                                           "::",
                                           "fc00::1",
                                           "fdff::1",
                                           "fe80::1",
                                           "ff02::1",
                                           "64:ff9b::7f00:1",
                                           "2002:7f00:1::",
                                           "2001::1",
                                           "fd00:ec2::254",
                                           "::127.0.0.1",
                                           "100.100.100.200",
                                           "5f00::1"};

TEST(Policy, ANameThatIsNotGrantedIsNotLookedUp) {
  const Policy p = policy({"db.internal:5432"}, {"api.example.com"});
  EXPECT_TRUE(p.may_resolve("db.internal", 5432).ok());
  EXPECT_TRUE(p.may_resolve("db.internal", 0).ok());
  EXPECT_TRUE(p.may_resolve("api.example.com", 80).ok());
  EXPECT_FALSE(p.may_resolve("db.internal", 5433).ok());
  EXPECT_FALSE(p.may_resolve("xdb.internal", 5432).ok());
  EXPECT_FALSE(p.may_resolve("a.api.example.com", 443).ok());
  Status refused = p.may_resolve("evil.example.org", 443);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "no grant names evil.example.org:443");
  EXPECT_THAT(refused.error().hint, HasSubstr("--connect evil.example.org:443"));
}

TEST(Policy, ASuffixGrantsWhatIsBelowIt) {
  const Policy p = policy({"*.example.com:443"});
  EXPECT_TRUE(p.may_resolve("a.example.com", 443).ok());
  EXPECT_TRUE(p.may_resolve("a.b.example.com", 443).ok());
  EXPECT_FALSE(p.may_resolve("example.com", 443).ok());
  EXPECT_FALSE(p.may_resolve("badexample.com", 443).ok());
  EXPECT_FALSE(p.may_resolve(".example.com", 443).ok());
}

TEST(Policy, APublicNameLeadsToPublicAddressesOnly) {
  const Policy p = policy({"*.example.com:443"}, {"api.example.org"});
  EXPECT_TRUE(leads(p, "a.example.com", "93.184.216.34"));
  EXPECT_TRUE(leads(p, "api.example.org", "2606:2800:220:1::1"));
  for (std::string_view address : kNotPublic) {
    EXPECT_FALSE(leads(p, "a.example.com", address)) << address;
    EXPECT_FALSE(leads(p, "api.example.org", address)) << address;
  }
}

TEST(Policy, AnExactNameLeadsToPrivateAddressesToo) {
  const Policy p = policy({"db.example.com:443"});
  EXPECT_TRUE(leads(p, "db.example.com", "10.1.2.3"));
  EXPECT_TRUE(leads(p, "db.example.com", "100.64.0.1"));
  EXPECT_TRUE(leads(p, "db.example.com", "fd12::1"));
  for (std::string_view address : kNotPublic) {
    const AddressKind kind = kind_of(*parse_address(address));
    EXPECT_EQ(leads(p, "db.example.com", address), kind == AddressKind::kPrivate) << address;
  }
}

TEST(Policy, ASuffixThatNobodyCanRegisterLeadsToPrivateAddresses) {
  const Policy p = policy({"*.svc:443", "*.corp.example.com:443"}, {"stock.internal"});
  EXPECT_TRUE(leads(p, "redis.svc", "10.96.0.1"));
  EXPECT_TRUE(leads(p, "stock.internal", "10.96.0.1"));
  EXPECT_FALSE(leads(p, "redis.svc", "127.0.0.1"));
  EXPECT_FALSE(leads(p, "a.corp.example.com", "10.96.0.1"));
}

TEST(Policy, LoopbackAndMetadataTakeALiteralGrant) {
  const Policy none = policy({"a.example.com:80", "0.0.0.0/0:80", "[::/0]:80"});
  for (std::string_view address : kNotPublic) EXPECT_FALSE(reaches(none, address, 80)) << address;
  EXPECT_TRUE(reaches(none, "93.184.216.34", 80));
  EXPECT_TRUE(reaches(policy({"127.0.0.1:5432"}), "127.0.0.1", 5432));
  EXPECT_FALSE(reaches(policy({"127.0.0.1:5432"}), "127.0.0.1", 5433));
  EXPECT_TRUE(reaches(policy({"127.0.0.0/8:80"}), "127.1.1.1", 80));
  EXPECT_TRUE(reaches(policy({"localhost:5432"}), "127.0.0.1", 5432));
  EXPECT_TRUE(reaches(policy({"localhost:5432"}), "::1", 5432));
  EXPECT_FALSE(reaches(policy({"localhost:5432"}), "127.0.0.2", 5432));
  EXPECT_TRUE(reaches(policy({"169.254.169.254:80"}), "169.254.169.254", 80));
  EXPECT_FALSE(reaches(policy({"169.254.0.0/16:80"}), "169.254.169.254", 80));
  EXPECT_TRUE(reaches(policy({"169.254.0.0/16:80"}), "169.254.1.1", 80));
}

TEST(Policy, ANetworkGrantsPrivateAddressesWhereItLiesWithin) {
  EXPECT_TRUE(reaches(policy({"10.2.0.0/16:5432"}), "10.2.255.255", 5432));
  EXPECT_FALSE(reaches(policy({"10.2.0.0/16:5432"}), "10.3.0.0", 5432));
  EXPECT_FALSE(reaches(policy({"8.0.0.0/5:80"}), "10.0.0.1", 80));
  EXPECT_TRUE(reaches(policy({"8.0.0.0/5:80"}), "8.8.8.8", 80));
}

TEST(Policy, MappedAddressesAreWhatTheyLeadTo) {
  EXPECT_EQ(parse_address("::ffff:127.0.0.1"), parse_address("127.0.0.1"));
  EXPECT_FALSE(reaches(policy({"[::/0]:80"}), "::ffff:10.0.0.1", 80));
}

TEST(Policy, ThePlatformsOwnEndpointIsOutOfReach) {
  const Policy p = policy({"127.0.0.0/8:9001", "0.0.0.0:9001", "localhost:9001", "[::1]:9001"});
  for (std::string_view address : {"127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::"}) {
    Status refused = p.may_connect(at(address, 9001), {});
    ASSERT_FALSE(refused.ok()) << address;
  }
  EXPECT_THAT(p.may_connect(at("127.0.0.1", 9001), {}).error().message,
              HasSubstr("the platform's own endpoint"));
}

TEST(Policy, TheUnspecifiedAddressIsNoDestination) {
  EXPECT_FALSE(reaches(policy({"0.0.0.0:80"}), "0.0.0.0", 80));
  EXPECT_FALSE(reaches(policy({"[::]:80"}), "::", 80));
}

TEST(Policy, PortZeroIsNoDestinationWhateverIsGranted) {
  const Policy granted = policy({"10.0.0.0/8:80", "localhost:80", "api.example.com:443"});
  EXPECT_TRUE(reaches(granted, "10.0.0.1", 80));
  EXPECT_FALSE(reaches(granted, "10.0.0.1", 0));
  EXPECT_FALSE(reaches(granted, "127.0.0.1", 0));
  const std::string named[] = {"api.example.com"};
  EXPECT_FALSE(granted.may_connect(at("93.184.216.34", 0), named).ok());
  // A look-up says 0 where it does not know the port yet.
  EXPECT_TRUE(leads(granted, "api.example.com", "93.184.216.34", 0));
}

TEST(Policy, ARefusalSaysWhatWouldGrantIt) {
  const Policy p = policy({"*.example.com:443", "db.example.com:5432"});
  EXPECT_EQ(p.may_use("a.example.com", at("10.0.0.1", 443)).error().text(),
            "a.example.com leads to 10.0.0.1, a private address ([grant] connect = "
            "[\"a.example.com:443\"] (--connect a.example.com:443) would grant it; 10.0.0.1:443 "
            "for the address alone)");
  EXPECT_THAT(p.may_use("a.example.com", at("169.254.169.254", 443)).error().text(),
              HasSubstr("a cloud metadata address ([grant] connect = [\"169.254.169.254:443\"]"));
  EXPECT_THAT(p.may_connect(at("10.0.0.1", 22), {}).error().text(),
              HasSubstr("no grant covers 10.0.0.1:22, a private address"));
}

}  // namespace
}  // namespace ferry::net
