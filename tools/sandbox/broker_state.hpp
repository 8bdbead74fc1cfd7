#pragma once

#include "tools/sandbox/sandbox_clock.hpp"
#include "tools/sandbox/stored_file.hpp"

#include "config/random.hpp"

#include <boost/json/object.hpp>

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What Broker keeps, and its rules (dpo.md 3 and 8.2). Organisations are nine digits here.

namespace kp::sandbox {

inline constexpr std::size_t max_transfers = 1'000'000;  // then storage is not ready
inline constexpr std::size_t max_search_results = 100;   // Broker's cap
inline constexpr std::uint64_t max_transfer_bytes = 1024ULL * 1024 * 1024;
inline constexpr std::uint64_t max_unannounced_bytes = 4 * max_transfer_bytes;  // no Content-Length

enum class transfer_status {
  initialized,
  upload_started,
  upload_processing,
  published,
  all_confirmed,
  purged,
  failed,
};
enum class recipient_status { initialized, download_started, download_confirmed };

std::string_view to_string(transfer_status);  // "Initialized", ...
std::string_view to_string(recipient_status);
std::optional<transfer_status> parse_transfer_status(std::string_view);  // any case, as ASP.NET
std::optional<recipient_status> parse_recipient_status(std::string_view);

// Broker's error codes (dpo.md 3.6).
enum class broker_code {
  transfer_not_found = 1,
  no_file_uploaded = 3,
  already_uploaded = 4,
  no_access = 6,
  not_available = 7,
  upload_failed = 8,
  checksum_mismatch = 9,
  not_published = 10,
  too_large = 16,
  confirm_before_download = 19,
  storage_not_ready = 21,
  bad_range = 29,
};
template <class T>
using outcome = std::expected<T, broker_code>;

struct recipient {
  std::string organisation;
  recipient_status status = recipient_status::initialized;  // the latest event
  time_point changed;
  std::vector<std::pair<recipient_status, time_point>> history;
};

struct transfer_event {
  transfer_status status;
  time_point at;
  std::string text;
};

struct transfer {
  std::string id;
  std::uint64_t sequence = 0;  // order of creation
  std::string resource, file_name, sender;
  std::optional<std::string> reference;
  std::vector<recipient> recipients;
  boost::json::object properties;
  std::string checksum;  // MD5: the sender's, or computed
  bool virus_scan = true;
  boost::json::value initialize_body;  // as it came; null when injected
  time_point created, expires;
  std::optional<time_point> published;
  std::uint64_t size = 0;
  bool malware = false;
  std::vector<transfer_event> history;
  std::shared_ptr<const stored_file> content;

  transfer_status status() const { return history.back().status; }
  const recipient* find(std::string_view organisation) const;
};

struct broker_settings {
  std::chrono::milliseconds scan_delay{0};
  std::uint64_t max_bytes = max_transfer_bytes;
  std::chrono::hours time_to_live{30 * 24};
  std::chrono::hours grace{24};
  bool purge_confirmed = true;
};

struct search_filter {
  std::string caller, resource;
  std::optional<transfer_status> status;
  std::optional<recipient_status> recipient;
  std::optional<time_point> from, to;
  bool ascending = false;
  bool as_sender = true, as_recipient = true;
};

class broker_state {
 public:
  broker_state(std::string folder, const sandbox_clock& time, random_source& random)
      : folder_(std::move(folder)), time_(time), random_(random) {}

  broker_settings settings;

  // Everything but id, sequence, times and history comes from `made`.
  outcome<const transfer*> initialize(transfer made);

  outcome<std::unique_ptr<file_writer>> begin_upload(std::string_view id, std::string_view caller,
                                                     std::optional<std::uint64_t> length);
  outcome<void> finish_upload(std::string_view id, file_writer& written, bool malware);
  void abort_upload(std::string_view id);

  std::vector<std::string> search(const search_filter&);
  // As sender or recipient.
  outcome<const transfer*> overview(std::string_view id, std::string_view caller);
  // Checks only; mark_downloaded() is what others see.
  outcome<const transfer*> may_download(std::string_view id, std::string_view caller);
  void mark_downloaded(std::string_view id, std::string_view caller, bool whole_file);
  outcome<void> confirm(std::string_view id, std::string_view caller);

  // Published at once, without the checks of the API. Errors: sandbox_errc::file.
  result<const transfer*> inject(transfer made, std::string_view content);
  const transfer* find(std::string_view id);
  // Oldest first.
  std::vector<const transfer*> all();

 private:
  transfer* settled(std::string_view id);
  void settle(transfer&);
  void enter(transfer&, transfer_status, time_point, std::string text = {});
  transfer& add(transfer);
  recipient* recipient_of(transfer&, std::string_view organisation);

  std::string folder_;
  const sandbox_clock& time_;
  random_source& random_;
  std::uint64_t next_sequence_ = 1;
  std::map<std::string, transfer, std::less<>> transfers_;
  std::map<std::string, std::vector<transfer*>, std::less<>> by_party_;  // sender and recipients
};

}  // namespace kp::sandbox
