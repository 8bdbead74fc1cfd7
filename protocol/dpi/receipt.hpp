#pragma once

#include "config/clock.hpp"
#include "protocol/crypto/certificate.hpp"
#include "config/error.hpp"
#include "protocol/dpi/dpi_error.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

// Receipts: what mailbox providers and printers say of a shipment (dpi.md 4.5, 9).

namespace kp::dpi {

enum class receipt_kind {
  delivered,            // leveringskvittering
  opened,               // aapningskvittering
  notification_failed,  // varslingfeiletkvittering
  received,             // mottakskvittering: print has it
  returned,             // returpostkvittering
  failed,               // feil
  other,
};

struct receipt {
  receipt_kind kind = receipt_kind::other;
  std::string id;            // its own, by which it is marked read
  std::string conversation;  // of the shipment; the only correlation there is
  std::optional<time_point> at;
  std::string sender;  // nine digits of the provider that says so
  std::string signer;  // nine digits of who signed it; "" when the certificate names nobody
  std::string detail;  // what the provider adds in words; "" when nothing
};

// What today's installations say of a receipt of this kind (dpi.md 9.2).
std::string_view description(receipt_kind);

using certificate_check = std::function<result<void>(const crypto::certificate&)>;

// Verifies the certificate in x5c with `trusts`, the signature (RS and PS, 256 to 512), and the
// schema. Errors: dpi_errc::bad_receipt, with the reason; nothing of the receipt may be believed
// then.
result<receipt> open_receipt(std::string_view compact_jws, const certificate_check& trusts);

}  // namespace kp::dpi
