#include "protocol/http/public_address.hpp"

#include <gtest/gtest.h>

using namespace kp;

TEST(public_address, tells_the_internet_from_everything_closer) {
  const struct {
    const char* address;
    bool is_public;
  } cases[] = {
      {"8.8.8.8", true},
      {"9.255.255.255", true},
      {"11.0.0.0", true},
      {"100.63.255.255", true},
      {"100.128.0.0", true},
      {"172.15.255.255", true},
      {"172.32.0.0", true},
      {"192.167.255.255", true},
      {"192.169.0.0", true},
      {"223.255.255.255", true},
      {"0.0.0.0", false},
      {"10.0.0.1", false},
      {"10.255.255.255", false},
      {"100.64.0.1", false},
      {"100.127.255.255", false},
      {"127.0.0.1", false},
      {"127.1.2.3", false},
      {"169.254.169.254", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"192.0.0.8", false},
      {"192.168.1.1", false},
      {"198.18.0.1", false},
      {"198.19.255.255", false},
      {"203.0.113.7", false},
      {"224.0.0.1", false},
      {"255.255.255.255", false},
      {"2001:67c:2e8:22::c100:68b", true},
      {"2a00:1450:400f::1", true},
      {"::", false},
      {"::1", false},
      {"::ffff:10.0.0.1", false},
      {"::ffff:169.254.169.254", false},
      {"::ffff:8.8.8.8", true},
      {"::10.0.0.1", false},
      {"64:ff9b::10.0.0.1", false},
      {"64:ff9b::8.8.8.8", true},
      {"64:ff9b:1::8.8.8.8", false},
      {"2002:a00:1::", false},
      {"2002:808:808::", true},
      {"2001::1", false},
      {"2001:1ff::1", false},
      {"2001:200::1", true},
      {"2001:db8::1", false},
      {"3fff::1", false},
      {"3fff:1000::1", true},
      {"fc00::1", false},
      {"fd12:3456::1", false},
      {"fe80::1", false},
      {"fec0::1", false},
      {"fd00:ec2::254", false},
      {"ff02::1", false},
      {"4000::1", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(http::is_public(boost::asio::ip::make_address(c.address)), c.is_public) << c.address;
}
