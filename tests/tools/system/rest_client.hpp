#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <string>

// A small blocking HTTP client of the tests' own: an archive system at its simplest.

namespace kp::test {

using header_fields = std::map<std::string, std::string>;

struct rest_answer {
  unsigned status = 0;    // 0: no answer, or none within the deadline
  header_fields headers;  // names in lower case
  std::string body;

  // null where the body is no JSON.
  boost::json::value json() const;
  // A member of the body's JSON object as text; empty where it is not.
  std::string text(const std::string& member) const;
};

// One call on a connection of its own to 127.0.0.1. Gives up after 20 seconds.
rest_answer call(std::uint16_t port, const std::string& method, const std::string& target,
                 const header_fields& headers = {}, const std::string& body = {});

header_fields basic(const std::string& user_and_password);

// A port that nobody listens on now.
std::uint16_t free_port();

}  // namespace kp::test
