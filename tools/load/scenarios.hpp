#pragma once

#include "tools/load/connection.hpp"

namespace kp::load {

struct send_options {
  target to;
  std::string receiver;  // nine digits
  std::uint64_t messages = 20'000;
  std::size_t connections = 64;
  std::size_t bytes = 2048;  // of the one file
  std::string figures;       // file for tools/bench; see figures.hpp
};

// Create, upload one file, send; over and over on `connections` connections. Prints messages/s and
// the median and 99th percentile of a message (three requests). Returns the exit code.
int run_send(const send_options&);

struct steady_options {
  target to;
  std::string receiver;           // nine digits
  std::uint64_t per_second = 50;  // messages; 0: as many as the connections can carry
  std::chrono::seconds how_long{10};
  std::size_t connections = 16;
  std::size_t bytes = 2048;
};

// Sends messages at a steady pace. Prints one line: how many were sent, the median and the 99th
// percentile in ms (counted from when each was due), how many were refused with 429, how many
// failed. Returns the exit code.
int run_steady(const steady_options&);

struct large_options {
  target sender, receiver;
  std::string receiver_number;
  std::uint64_t bytes = 1'000'000'000;  // with arkivmelding.xml below the limit of 1 GiB
  int hub_pid = 0;                      // whose memory is watched; 0: nobody's
  std::string figures;
  std::chrono::seconds deadline{900};
};

// One attachment of `bytes` bytes out through one channel and in through another. Prints the time
// of each part and how far the hub's memory rose above what it was before.
int run_large(const large_options&);

struct tenants_options {
  std::string home;  // gets tenants.d/*.yaml (the folder exists) and organisations.json
  std::size_t organisations = 1000;
  std::size_t channels = 3;  // of each: the first receives, the others have a message channel
  std::size_t poll_seconds = 15;
  std::string password_hash;
};

// Writes the files of many organisations. Returns the exit code.
int write_tenants(const tenants_options&);

}  // namespace kp::load
