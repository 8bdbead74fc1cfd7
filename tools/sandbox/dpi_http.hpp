#pragma once

#include "tools/sandbox/dpi_state.hpp"
#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/http_types.hpp"

namespace kp::sandbox {

inline constexpr std::size_t max_dpi_body = 80 * 1024 * 1024;  // of a shipment

// The sender's access point (corner 2) of digital post, with the mailbox providers and the printer
// behind it, and the contact register's print certificate (dpi.md 3, 13).
class dpi_http {
 public:
  dpi_http(dpi_state& state, const directory& known, const certificate_authority& ca,
           const issuer& maskinporten, const sandbox_clock& time)
      : state_(state), known_(known), ca_(ca), maskinporten_(maskinporten), time_(time) {}

  response handle(const route&, const request&);

 private:
  struct caller {
    std::string consumer;  // on whose behalf
    std::string account;   // supplier, or the consumer
    std::string token;
  };
  response send(const caller&, const request&);
  response statuses(const caller&, const std::string& id);
  response inbox(const caller&, const request&);
  response read(const caller&, const std::string& id);
  response print_certificate();
  // What is wrong with a shipment; nothing when it may be kept in `made`.
  result<void> judge(const caller&, const request&, shipment& made);
  result<boost::json::value> verified_document(const std::string& jws, std::string& signer) const;
  result<void> open(shipment& made, const std::string& package, const std::string& jws_signer);

  dpi_state& state_;
  const directory& known_;
  const certificate_authority& ca_;
  const issuer& maskinporten_;
  const sandbox_clock& time_;
};

}  // namespace kp::sandbox
