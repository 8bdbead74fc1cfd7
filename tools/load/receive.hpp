#pragma once

#include "tools/load/connection.hpp"

namespace kp::load {

struct flow_options {
  target sender, receiver;
  std::string receiver_number;  // nine digits
  std::uint64_t messages = 2000;
  std::size_t connections = 32;
  std::size_t bytes = 2048;
  std::chrono::seconds deadline{3600};
  std::string figures;
};

// From one organisation to another over the national service: how many messages arrive in a second
// from the first send to the last arrival, each packed, signed, encrypted, decrypted and verified.
// They stay in the inbox. Returns the exit code.
int run_flow(const flow_options&);

struct receive_options {
  target from;
  std::uint64_t messages = 2000;  // that wait in the inbox
  std::size_t connections = 32;
  std::string figures;
};

// Peek, pop and delete of what waits. Returns the exit code.
int run_receive(const receive_options&);

struct read_options {
  target from;
  std::uint64_t requests = 2000;
  std::string path = "/api/statuses?size=10";
  std::string figures;
  std::string name = "statuses_p99";
};

// The same request over and over on one connection. Returns the exit code.
int run_read(const read_options&);

struct hooks_options {
  target of;
  std::string receiver_number;  // of the messages that events come of
  std::size_t subscriptions = 10;
  std::uint64_t messages = 500;
  std::size_t connections = 16;
  std::chrono::seconds deadline{600};
  std::string figures;
};

// Every event of a channel told to many subscribers: deliveries in a second, from the first send
// until all have heard that every message is there and on its way. Returns the exit code.
int run_hooks(const hooks_options&);

}  // namespace kp::load
