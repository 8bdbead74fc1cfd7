#pragma once

#include "protocol/dpf/forsendelse.hpp"
#include "protocol/sbd/document.hpp"

#include <cstdint>
#include <set>
#include <span>

// From arkivmelding to forsendelse (dpf.md 5).

namespace kp::dpf {

// No more may be sent when it may be printed (dpf.md 5.5).
inline constexpr std::uint64_t max_printable_bytes = 350ull * 1024 * 1024;

struct sending_rules {
  bool digital_only = false;
  std::optional<std::string> billing_code;
  std::set<std::string> not_printed;  // file extensions; "*" is all but PDF
};

struct uploaded_file {
  std::string filename;
  std::string mime_type;
};

// Who somebody is to the Service Registry.
struct registered {
  std::string name;
  postal_address address;
};

struct letter {
  const sbd::document* document = nullptr;
  arkivmelding::registry_entry entry;
  std::span<const uploaded_file> files;  // as the client uploaded them
  registered sender, receiver;
  sending_rules rules;
};

struct translated {
  forsendelse what;
  std::vector<std::size_t> files;  // which of the uploaded ones, in the order of the documents
};

// Errors (permanent): config_errc::invalid_document for what no forsendelse can be made of: a title
// or a file that is missing, a name that SvarUt does not take, a number that is too large.
result<translated> translate(letter what);

// Why SvarUt would refuse a document of that name, or nullopt (dpf.md 5.5).
std::optional<std::string> why_not_a_filename(std::string_view name);

}  // namespace kp::dpf
