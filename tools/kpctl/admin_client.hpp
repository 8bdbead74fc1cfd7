#pragma once

#include "config/error.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>

namespace kp::ctl {

// Where a hub's admin listener is, and as whom to ask it.
struct admin_address {
  std::string url = "http://127.0.0.1:9094";  // without slash at the end
  std::string user;
  std::string password;
  std::string ca_file;  // PEM, beside https://; empty: the system's
};

// One request of it.
struct order {
  std::string path;
  std::string method = "GET";
  std::optional<boost::json::value> body = std::nullopt;
};

// The JSON of the answer. Errors: why the listener cannot be reached (http_errc), what it says
// against the request, or that it is no admin listener.
result<boost::json::value> ask(const admin_address& at, const order& what);

}  // namespace kp::ctl
