#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"
#include "protocol/dpi/dpi_error.hpp"
#include "protocol/sbd/document.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>

// From a document of the API to the business message (forretningsmelding) that corner 2 takes
// (dpi.md 4, messages.md 10.5).

namespace kp::dpi {

// Organisation numbers are nine digits here.
struct origin {
  std::string account;  // who talks to corner 2: the supplier, or the sender itself
  std::string sender;   // on whose behalf
};

// Where a shipment goes: a mailbox, or a printer, which has no mailbox address.
struct target {
  std::string organisation;            // of the mailbox provider or the print supplier
  std::string mailbox;                 // postkasseadresse; empty for print
  std::optional<std::string> email{};  // notifications go there, when the document has a text
  std::optional<std::string> mobile{};
};

// What only the package and the token of this attempt tell.
struct proof {
  std::string package_digest;  // base64 of SHA-256 over the encrypted package as it is sent
  std::string token;           // of Maskinporten, the one that authorises the call
};

inline constexpr std::string_view token_scope = "digitalpostinnbygger:send";

// Who a document is from. `supplier` is the organisation's own setting, `owner` its number.
// Error: dpi_errc::invalid_document when the sender is no Norwegian organisation.
result<origin> origin_of(const sbd::document&, const std::string& owner,
                         const std::optional<std::string>& supplier);

bool is_print(const sbd::document&);
// "digital" or "utskrift", as the documents of DPI call them.
std::string_view wire_type(const sbd::document&);

// {"standardBusinessDocument": …} of a digital or print document, checked by the schema of its
// type. Errors: dpi_errc::invalid_document.
result<boost::json::object> make_business_message(const sbd::document&, const origin&,
                                                  const target&, const proof&, time_point now);

// An address of the API as DPI has it: without a country when it is Norwegian, else with the
// country and nothing in postnummer and poststed, which go to the first free line (dpi.md 4.4).
boost::json::object to_address(const boost::json::object& address);

// Midnight in Oslo at the beginning of "yyyy-mm-dd"; nullopt when it is no date.
std::optional<time_point> start_of_day(std::string_view date);

}  // namespace kp::dpi
