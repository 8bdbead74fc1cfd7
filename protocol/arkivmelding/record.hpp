#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The case folder and registry entry of an arkivmelding.xml, for services that carry its content in
// another form (messages.md 9.2 and 9.3).

namespace kp::arkivmelding {

// A date with the zone that it was written with: "2017-05-23", and "+02:00", "Z" or nothing.
struct date {
  std::string day;
  std::string zone;
  friend bool operator==(const date&, const date&) = default;
};

struct party {                      // korrespondansepart
  std::optional<std::string> type;  // one of the six of Noark; absent when missing or another
  std::string name;
  std::vector<std::string> address_lines;
  std::optional<std::string> postal_code, postal_area, country, case_worker;
};

struct extra_metadata {  // of virksomhetsspesifikkeMetadata
  std::string key;       // the element's name, with its prefix
  std::string value;
  friend bool operator==(const extra_metadata&, const extra_metadata&) = default;
};

struct described_document {        // dokumentbeskrivelse
  bool main = false;               // tilknyttetRegistreringSom is Hoveddokument
  std::vector<std::string> files;  // referanseDokumentfil of its dokumentobjekt
};

struct registry_entry {
  std::string public_title;  // offentligTittel, "" when absent
  std::optional<std::int64_t> case_year, case_number;
  std::optional<std::int64_t> year, sequence_number, entry_number;
  char type = 'I';                     // letter of journalposttype, messages.md 9.4
  char status = 'R';                   // letter of journalstatus
  std::optional<date> entered, dated;  // journaldato, dokumentetsDato
  std::vector<party> parties;
  std::vector<extra_metadata> extra;
  std::size_t dropped_extra = 0;              // elements with structure, or empty ones
  std::vector<described_document> documents;  // in document order
};

// Errors: config_errc::invalid_document when it cannot be read, lacks saksmappe or journalpost, or
// holds a number that no registry can have counted to.
result<registry_entry> read_registry_entry(std::string_view xml);

// The letters and texts of Noark (messages.md 9.4); what is missing or unknown is the default.
char entry_type_letter(std::string_view text);
char entry_status_letter(std::string_view text);
std::string_view entry_type_text(std::string_view letter);
std::string_view entry_status_text(std::string_view letter);

}  // namespace kp::arkivmelding
