#pragma once

#include "protocol/dpfio/broker.hpp"
#include "protocol/sbd/document.hpp"

#include <optional>

// What a delivery of FIKS IO means (dpfio.md 4.2, 6.3, 6.5).

namespace kp::dpfio {

struct received {
  std::string id;       // at FIKS IO, lower case
  std::string account;  // whose queue it came from
  std::string type;
  std::string sender;  // account, lower case
  std::string sender_name;
  std::optional<std::string> reply_to;  // the id at FIKS IO of the message that it answers
  std::string reply_to_type;
  std::optional<std::string> document;              // in Dokumentlager, instead of a body
  std::map<std::string, std::string> headers = {};  // those of the sender, without prefix
  const std::string* header(const std::string& name) const;
};

// The account whose queue it is; nullopt when it is no queue of an account.
std::optional<std::string> account_of(std::string_view routing_key);
std::string queue_of(std::string_view account);

// Errors: bad_delivery, saying which header is missing or wrong.
result<received> read_delivery(const delivery&);

// What FIKS IO itself tells of a message that was sent, by its type (dpfio.md 6.5).
enum class notice { none, expired, failed };
notice notice_of(std::string_view type);

// The headers of FIKS clients, as senders write them.
inline constexpr std::string_view client_message = "klientMeldingId";
inline constexpr std::string_view client_correlation = "klientKorrelasjonsId";
inline constexpr std::string_view client_correlation_before = "klientKorrelasjonId";  // deprecated

// As the business system sees it. `sender`, `receiver`: "0192:910077473".
struct seen_as {
  std::string sender, receiver;
  std::chrono::hours ttl{24};
};
sbd::document to_document(const received&, const seen_as&, time_point now);

}  // namespace kp::dpfio
