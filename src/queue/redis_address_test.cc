#include "queue/redis_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace queue {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

RedisAddress good(std::string_view url) {
  auto address = RedisAddress::parse(url);
  EXPECT_TRUE(address) << url << ": " << address.error().message;
  return address.value_or(RedisAddress{});
}
std::string refusal(std::string_view url) {
  const auto address = RedisAddress::parse(url);
  EXPECT_FALSE(address) << url;
  if (address) return "";
  EXPECT_EQ(address.error().kind, base::ErrorKind::settings);
  return address.error().message;
}

TEST(RedisAddress, HasTheUsualPortAndDatabase) {
  const auto address = good("redis://queue.example.com");
  ASSERT_EQ(address.hosts.size(), 1u);
  EXPECT_EQ(address.hosts[0].name, "queue.example.com");
  EXPECT_EQ(address.hosts[0].port, 6379);
  EXPECT_EQ(address.database, 0);
  EXPECT_FALSE(address.tls);
  EXPECT_EQ(address.password, "");
}

TEST(RedisAddress, TakesUserPasswordPortAndDatabase) {
  const auto address = good("rediss://lockstep:p%40ss:w%2Frd@10.0.0.7:6380/3");
  EXPECT_TRUE(address.tls);
  EXPECT_EQ(address.user, "lockstep");
  EXPECT_EQ(address.password, "p@ss:w/rd");
  EXPECT_EQ(address.hosts[0].port, 6380);
  EXPECT_EQ(address.database, 3);
}

TEST(RedisAddress, TakesAPasswordAloneAndOneWithAnUncodedAt) {
  EXPECT_EQ(good("redis://:se@cret@h").password, "se@cret");
  EXPECT_EQ(good("redis://:secret@h").user, "");
}

TEST(RedisAddress, TakesAnIpV6Address) {
  const auto address = good("redis://[::1]:7000/1");
  EXPECT_EQ(address.hosts[0].name, "::1");
  EXPECT_EQ(address.hosts[0].port, 7000);
  EXPECT_EQ(good("redis://[fe80::2]").hosts[0].port, 6379);
}

TEST(RedisAddress, TakesSentinelsWithTheNameOfTheirMaster) {
  const auto address = good("redis+sentinel://:pw@a,b:26380,[::1]:1/my%20master/2");
  ASSERT_EQ(address.hosts.size(), 3u);
  EXPECT_EQ(address.hosts[0].port, 26379);
  EXPECT_EQ(address.hosts[1].port, 26380);
  EXPECT_EQ(address.master, "my master");
  EXPECT_EQ(address.database, 2);
  EXPECT_TRUE(good("rediss+sentinel://a/m").tls);
}

TEST(RedisAddress, RefusalNamesThePartAndShowsNoPassword) {
  const std::pair<std::string_view, std::string_view> bad[] = {
      {"localhost:6379", "does not begin as a Redis URL"},
      {"http://hunter2@h", "does not begin as a Redis URL"},
      {"redis://", "names no host"},
      {"redis://:hunter2@:6379", "names no host"},
      {"redis://:hunter2@h h", "host holds a character"},
      {"redis://[::1", "host has a ["},
      {"redis://[::1]6379", "other than a port"},
      {"redis://:hunter2@h:0", "port is not a number"},
      {"redis://:hunter2@h:65536", "port is not a number"},
      {"redis://:hunter2@h:port", "port is not a number"},
      {"redis://h:", "port is not a number"},
      {"redis://:hunter2@h/one", "database is not a number"},
      {"redis://:hunter2@h/-1", "database is not a number"},
      {"redis://h/1/2", "database is not a number"},
      {"redis://h?db=1", "options behind ?"},
      {"redis://us%er:hunter2@h", "user holds a %"},
      {"redis://:hunter2%@h", "password holds a %"},
      {"redis://user@h", "user without a password"},
      {"redis://a,b", "several hosts"},
      {"redis+sentinel://a:26379", "name the master"},
      {"redis+sentinel://a//2", "name the master"},
      {"redis+sentinel://a/m/x", "database is not a number"},
  };
  for (const auto& [url, why] : bad)
    EXPECT_THAT(refusal(url),
                AllOf(HasSubstr(std::string{why}), HasSubstr("write redis://"), Not(HasSubstr("hunter2"))))
        << url;
}

}  // namespace
}  // namespace queue
