#pragma once

#include "config/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kp::arkivmelding {

// What the API needs to know of an arkivmelding.xml (rest-api.md 6.3, 6.4; messages.md 9).
struct summary {
  std::string title;                            // journalpost offentligTittel, "" when absent
  std::optional<std::string> public_title;      // the same, nullopt when absent
  std::optional<std::string> entry_title;       // journalpost tittel
  std::optional<std::string> reference;         // <saksmappe systemID>-<journalpostnummer>
  std::vector<std::string> referenced_files;    // every referanseDokumentfil, in document order
  bool has_case_file = false;                   // a saksmappe
  bool has_registry_entry = false;              // a journalpost
};
inline constexpr std::size_t max_bytes = 20 * 1024 * 1024;

// No external entities, no network, bounded depth. Error: config_errc::invalid_document with line.
result<summary> summarise(std::string_view xml);

}  // namespace kp::arkivmelding
