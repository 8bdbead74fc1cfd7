#pragma once

#include "protocol/dph/answers.hpp"
#include "protocol/sbd/document.hpp"

#include <chrono>
#include <cstdint>

// Business messages of DPH: dialogmelding, and the application receipt that answers one (dph.md 5).

namespace kp::dph {

inline constexpr std::string_view message_type = "dialogmelding";
inline constexpr std::string_view receipt_type = "dialogmelding_kvittering";

// "her-id:8093" <-> 8093; nullopt for anything else, fastlege-for: included.
std::optional<std::int64_t> parse_her_id(std::string_view identifier);
std::string her_id(std::int64_t number);

// Completes what the adapter leaves out (dph.md 12 D1): a conversation is named by its first
// message, and has the process of health messages. A deadline that is missing or past becomes `ttl`
// from now: reading took the message from NHN, so nobody else will deliver it. Error:
// dph_errc::invalid_document without a message id.
result<void> complete(sbd::document& arrived, time_point now, std::chrono::hours ttl);

// What an application receipt says.
struct receipt {
  // Incoming: the message id of what was sent. Outgoing: the id at NHN of what was received.
  std::string about;
  receipt_state state = receipt_state::ok;
  struct remark {
    std::string code, text;
  };
  std::vector<remark> remarks = {};
  std::string raw = {};  // AppRec XML; incoming only
};
// Of a document of receipt_type. Error: dph_errc::invalid_document without a known status.
result<receipt> parse_receipt(const sbd::document&);

struct receipt_header {
  std::string message;           // UUID of its own
  std::string conversation;      // UUID
  std::string sender, receiver;  // her-id:…
  time_point now{};
  std::chrono::hours ttl{24};
};
// A receipt of the hub's own.
result<sbd::document> make_receipt(const receipt_header&, const receipt&);

}  // namespace kp::dph
