#pragma once

#include "config/setting_kinds.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kp {

// A broker of AMQP: amqps://host:port, or amqp://host:port without TLS.
struct amqp_address {
  bool tls = true;
  std::string host;  // without brackets
  std::string port;  // digits
};
// Without a port it is 5671, 5672 without TLS. nullopt for what is no such address.
std::optional<amqp_address> parse_amqp_address(std::string_view url);

struct amqp_url_kind {
  std::string type() const { return "URL"; }
  std::string range() const { return "amqps://host:port or amqp://host:port"; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value&, value_reader&) const;
};

// Whether what goes there cannot be read on the way; for what amqp_url_kind has accepted.
bool is_amqps_or_loopback(std::string_view url);

// Where the host of an http or https URL listens for AMQP by the usual ports.
std::string amqp_url_beside(std::string_view url);

}  // namespace kp
