#pragma once

#include <cstdint>
#include <string>

// The files of a hub beside a sandbox: hub.yaml, and organisations of tenants.d whose key stores
// lie in ../keystores.

namespace kp::test {

// "{user: …, password_hash: …}" of user:password.
// `more`: further members, each with its comma: "role: operate, ".
std::string credential(const std::string& user_and_password, const std::string& more = {});
// `channels`: what channel_yaml gives, one after the other. `services`: further lines of services,
// each with its indentation and end.
std::string organisation_yaml(const std::string& number, const std::string& name,
                              const std::string& channels, const std::string& services = {});
// `more`: further lines of the channel, each with its indentation and end.
std::string channel_yaml(const std::string& name, const std::string& who, const std::string& more,
                         const std::string& sends = "DPO");
// Everything but the admin listener. `national`: where the sandbox is; `amqp_port`: where the
// broker of FIKS IO will be; `bus`: the sandbox's AMQP address for DPE, empty: none.
std::string hub_yaml(const std::string& national, std::uint16_t port,
                     std::uint16_t amqp_port = 5672, const std::string& bus = {});

}  // namespace kp::test
