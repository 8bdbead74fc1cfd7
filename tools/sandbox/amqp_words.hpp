#pragma once

#include "tools/sandbox/amqp_listener.hpp"

#include <map>
#include <set>
#include <string_view>
#include <vector>

// Messages of AMQP as bytes and back, as the broker sees them.

namespace kp::sandbox {

// What a client sends: a message for a queue, or a request to a node.
struct amqp_request {
  std::string id, reply_to, content_type;
  std::string body;                               // of data sections
  std::string text;                               // a body that is one text
  std::map<std::string, std::string> properties;  // texts only
  std::map<std::string, std::string> arguments;   // of a body that is a map; texts only
  std::vector<std::string> lock_tokens;           // of such a body; UUIDs

  std::string property(const std::string& name) const;
  std::string argument(const std::string& name) const;
};
std::optional<amqp_request> read_message(std::string_view bytes);

struct amqp_reply {
  std::string id;
  int status = 200;
  std::string description, condition;
  bool claims = false;  // of "$cbs", where the names of members are others
  std::vector<std::int64_t> expirations_ms;
};
std::string write_reply(const amqp_reply&);
std::string write_message(const amqp_message&);

// A UUID in .NET's order of bytes, and back; "" for what is none.
std::string guid_bytes(std::string_view uuid);
std::string guid_text(std::string_view bytes);

// Whether a claim covers the node: itself, or what is below it. In whatever case.
bool is_claimed(const std::set<std::string>& claimed, std::string_view node);

}  // namespace kp::sandbox
