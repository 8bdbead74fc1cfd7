#pragma once

#include "tools/sandbox/directory.hpp"

#include <map>
#include <optional>
#include <string>

namespace kp::sandbox {

inline constexpr std::size_t max_citizens = 100'000;

struct postal_address {
  std::string name, street, postal_code, postal_area, country;
};

// What the contact register and the population register know of a person (service-registry.md 5.4).
struct citizen {
  std::string number;  // eleven digits
  bool reserved = false;
  bool notifiable = true;
  std::optional<std::string> mailbox;          // postkasseadresse; no active mailbox without
  std::string mailbox_provider = "984661185";  // Digipost
  std::optional<std::string> email, mobile, language;
  std::optional<postal_address> address;  // none: it is protected
};

// Who gets mail: residents, and who prints for those without a mailbox.
class citizens {
 public:
  // {number, reserved, notifiable, mailbox, mailboxProvider, email, mobile, language, address:
  // {name, street, postalCode, postalArea, country}, protected}; only the number is needed: a
  // resident with an address and a mailbox. "mailbox": null is nobody's. Errors: invalid_request.
  result<boost::json::object> add(const boost::json::object& body);
  const citizen* find(std::string_view number) const;

 private:
  std::map<std::string, citizen, std::less<>> known_;
};

inline constexpr std::string_view info_process = "urn:no:difi:profile:digitalpost:info:ver1.0";
inline constexpr std::string_view vedtak_process = "urn:no:difi:profile:digitalpost:vedtak:ver1.0";

// By whom and for what key letters are taken.
struct mail_operator {
  std::string organisation;
  std::string pem;
};

// The service records of a person for one process (dpi.md 7, service-registry.md 5.4). `caller` is
// whose return address is given.
boost::json::array citizen_records(const citizen&, std::string_view process,
                                   const organisation& caller, bool print_allowed,
                                   const mail_operator& mailbox, const mail_operator& printer,
                                   const std::string& endpoint_url);

}  // namespace kp::sandbox
