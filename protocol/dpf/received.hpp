#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"
#include "config/ids.hpp"
#include "config/random.hpp"
#include "protocol/arkivmelding/record.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What SvarInn holds for a receiver system, and its translation to a message of the network
// (dpf.md 9.3, 9.5, 9.6).

namespace kp::dpf {

struct listed_file {
  std::string filename;
  std::string mime_type;  // application/octet-stream when SvarInn does not say
  std::string sha256;     // hex, "" when it does not say
  std::optional<std::uint64_t> size;
};

struct received {
  std::string id;  // a UUID: message id and conversation id
  std::string title;
  std::string download_url;
  std::string reply_to;  // svarPaForsendelse, "" when it answers nothing
  std::string receiver;  // mottaker.orgnr
  struct {
    std::optional<std::string> organisation, person, name, line, postal_code, postal_area, country;
  } sender;  // svarSendesTil
  std::vector<listed_file> files;
  struct {
    std::int64_t case_year = 0, case_number = 0;
    std::optional<std::int64_t> year, sequence_number, entry_number;
    std::string type, status;                    // letters
    std::optional<std::int64_t> entered, dated;  // milliseconds since 1970
    std::optional<std::string> title, case_worker;
    std::vector<arkivmelding::extra_metadata> extra;
  } metadata;
};

// One entry of the list: what it says, or why nothing can be made of it.
struct list_entry {
  std::string id;  // as it stands there, "" when it has none
  result<received> what;
};

// Errors: http_errc::bad_answer when it is no list. A bad entry spoils no other.
result<std::vector<list_entry>> parse_list(std::string_view body);

struct receiving_rules {
  std::string process;
  std::string document_type;
  std::string fallback_sender;  // nine digits, for letters without an organisation behind them
  std::chrono::hours ttl{24};
};

// The SBD that such a letter arrives as (dpf.md 9.5), as JSON text.
std::string to_sbd(const received&, const receiving_rules&, time_point now);

// arkivmelding.xml (dpf.md 9.6). Files go by the names they have been given in the message, in the
// order of `received::files`. Errors: config_errc::invalid_document when the key of an extra
// metadata is no name of XML.
result<std::string> to_arkivmelding(const received&, const std::vector<std::string>& filenames,
                                    time_point now, random_source&);

}  // namespace kp::dpf
