#include "config/amqp_address.hpp"

#include <gtest/gtest.h>

namespace kp {
namespace {

TEST(amqp_address, has_a_host_and_a_port_that_is_usual) {
  const auto usual = parse_amqp_address("amqps://efm-dpe-prod.servicebus.windows.net");
  ASSERT_TRUE(usual);
  EXPECT_TRUE(usual->tls);
  EXPECT_EQ(usual->host, "efm-dpe-prod.servicebus.windows.net");
  EXPECT_EQ(usual->port, "5671");
  EXPECT_EQ(parse_amqp_address("amqp://127.0.0.1")->port, "5672");
  EXPECT_EQ(parse_amqp_address("amqp://127.0.0.1:8091/")->port, "8091");
  EXPECT_FALSE(parse_amqp_address("amqp://127.0.0.1:8091")->tls);
  const auto v6 = parse_amqp_address("amqps://[::1]:5673");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, "5673");
}

TEST(amqp_address, is_nothing_else) {
  for (const auto* url : {"", "https://host", "amqps://", "amqps://host:0", "amqps://host:65536",
                          "amqps://host:", "amqps://host/queue", "amqps://user@host",
                          "amqps://user:secret@host", "amqps://[::1", "amqps://[::1]x"})
    EXPECT_FALSE(parse_amqp_address(url)) << url;
}

TEST(amqp_address, is_safe_with_tls_or_on_this_machine) {
  EXPECT_TRUE(is_amqps_or_loopback("amqps://host:5671"));
  EXPECT_TRUE(is_amqps_or_loopback("amqp://127.0.0.1:5672"));
  EXPECT_TRUE(is_amqps_or_loopback("amqp://[::1]:5672"));
  EXPECT_TRUE(is_amqps_or_loopback("amqp://localhost"));
  EXPECT_FALSE(is_amqps_or_loopback("amqp://host:5672"));
}

TEST(amqp_address, of_the_same_host_has_the_usual_port) {
  EXPECT_EQ(amqp_url_beside("https://bus.example.no"), "amqps://bus.example.no:5671");
  EXPECT_EQ(amqp_url_beside("https://bus.example.no:8443/x"), "amqps://bus.example.no:5671");
  EXPECT_EQ(amqp_url_beside("http://127.0.0.1:8090"), "amqp://127.0.0.1:5672");
  EXPECT_EQ(amqp_url_beside("http://[::1]:8090"), "amqp://[::1]:5672");
}

}  // namespace
}  // namespace kp
