#pragma once

#include <boost/asio/ip/address.hpp>

namespace kp::http {

// Whether an address belongs to the public internet: not to this machine, a private network, a link
// (where clouds keep their metadata, 169.254.169.254), a carrier's NAT, documentation, multicast or
// anything else that IANA's registries of special-purpose addresses keep from global routing. An
// IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4) is judged as itself.
bool is_public(const boost::asio::ip::address& address);

}  // namespace kp::http
