#pragma once

#include "config/ids.hpp"
#include "tenants/organisation.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// What differs between services and between message types when a client sends (rest-api.md 6, 14;
// messages.md 3.1, 5, 7), as data. The steps that go by it are in channel_create, channel_uploads
// and channel_send; whether a type needs files at all is told by sbd::needs_file.

namespace kp::actors {

// Of one file in a multipart request (rest-api.md 6.5).
inline constexpr std::uint64_t multipart_file_limit = 5 * 1024 * 1024;

// Which files must have a title, or be announced in the document.
enum class title_rule {
  none,
  every_file,      // DPV
  all_but_listed,  // DPI: not the main document, nor what is a value in metadataFiler
  must_be_listed,  // DPH: each but the main document is a key in metadataFiler, title or not
};

struct service_rules {
  service via = service::unknown;
  std::uint64_t upload_limit = 0;      // bytes, all files of a message together
  std::chrono::hours default_ttl{24};  // of a message that says nothing
  title_rule titles = title_rule::none;
  bool needs_main_document = false;  // of types that need files at all
  // MIME types of files that are not the main document; empty: any.
  std::span<const std::string_view> attachment_types{};
  bool standard_ends_with_type = true;  // documentIdentification.standard ends with ::type
};

struct type_rules {
  std::string_view type;                      // canonical
  bool needs_arkivmelding = false;            // arkivmelding.xml, and every file that it names
  bool needs_metadata_files = false;          // every file that metadataFiler names
  bool has_addresses = false;                 // mottaker and retur are filled in and checked
  std::optional<service> without_receiver{};  // where it goes when nobody is named
  std::optional<service> always{};            // where it goes without asking the Service Registry
};

// Of service::unknown: nothing may be uploaded.
const service_rules& rules_of(service);
// Of a canonical type; a type without rules of its own has none.
const type_rules& rules_of(std::string_view type);

// As the organisation has configured them, else those of the table.
std::uint64_t upload_limit(const tenants::organisation&, service);
std::chrono::hours default_ttl(const tenants::organisation&, service);

}  // namespace kp::actors
