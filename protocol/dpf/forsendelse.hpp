#pragma once

#include "protocol/arkivmelding/record.hpp"

#include <optional>
#include <string>
#include <vector>

// What KS SvarUt carries: one "forsendelse", apart from how it is written on the wire (dpf.md 5).

namespace kp::dpf {

struct postal_address {
  std::string line, postal_code, postal_area, country;  // "" where it is not known
  bool known() const { return !(line + postal_code + postal_area + country).empty(); }
};

struct correspondent {
  std::string name;
  std::string organisation;  // nine digits
  postal_address address;
};

struct outgoing_document {
  std::string filename;
  std::string mime_type;
  std::optional<bool> not_printed;  // skalEkskluderesFraUtskrift; absent: SvarUt decides
};

struct forsendelse {
  std::string id;                  // chosen by us; SOAP alone carries it
  std::string external_reference;  // the message id
  std::string title;
  std::optional<std::string> type, billing_code;
  std::optional<std::string> reply_to;  // id of the forsendelse that this answers
  bool level4 = false;
  bool digital_only = false;
  correspondent receiver, replies_go_to;
  arkivmelding::registry_entry entry;  // its documents are told by the list below instead
  std::vector<outgoing_document> documents;
};

// metadataFraAvleverendeSystem.saksbehandler: of the first sender among the parties.
std::optional<std::string> case_worker(const arkivmelding::registry_entry&);

// What SvarUt does with a forsendelse (dpf.md 8).
struct delivery_status {
  std::string id;      // of the forsendelse
  std::string status;  // LEST, KLAR_FOR_MOTTAK, ...
};

}  // namespace kp::dpf
