#pragma once

#include "config/error.hpp"
#include "config/random.hpp"
#include "tools/sandbox/correspondence_form.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <boost/json/object.hpp>

#include <set>

namespace kp::sandbox {

inline constexpr std::size_t max_correspondences = 10'000;

// Highest rank last; `fetched` never shows (dpv.md 3.4).
enum class correspondence_status {
  initialized,
  ready_for_publish,
  published,
  fetched,
  read,
  replied,
  confirmed,
  purged_by_recipient,
  purged_by_altinn,
  archived,
  reserved,
  failed,
  attachments_downloaded,
  forwarded,
};
std::string_view to_string(correspondence_status);

struct correspondence {
  std::string id, caller;  // organisation of the token
  std::string resource, reference, recipient, key;
  std::vector<uploaded_part> parts;  // as they came
  header_list headers;
  time_point created{}, publish_at{};
  std::vector<std::pair<correspondence_status, time_point>> history;
  std::string failure;
  std::vector<std::string> attachments;  // ids

  std::optional<time_point> when(correspondence_status) const;  // first
  bool has(correspondence_status status) const { return when(status).has_value(); }
  bool purged() const {
    return has(correspondence_status::purged_by_recipient) ||
           has(correspondence_status::purged_by_altinn);
  }
  correspondence_status status() const;
  form_fields fields() const { return form_fields(parts); }
};

struct correspondence_settings {
  std::chrono::milliseconds scan_delay{0}, publish_delay{0};
  bool direct = false;         // no proxy: scopes of Altinn itself
  bool strict_search = true;   // resourceId and role are required
  bool empty_search = false;   // finds nothing
  bool zoneless = false;       // times without a zone
  std::string status_shown;    // instead of the real one
  std::string purged = "404";  // or 410, as-status
  bool healthy = true;
  std::set<std::string> denied;   // organisations that are not on the access list
  std::set<std::string> persons;  // who may receive
  std::set<std::string> reserved, without_role;
  std::set<std::string> unknown_resources;
};

// Letters in Altinn's inbox and how they fare (dpv.md 10.2).
class correspondence_state {
 public:
  correspondence_state(const sandbox_clock& time, random_source& random)
      : time_(time), random_(random) {}

  correspondence_settings settings;

  correspondence& add(correspondence);
  // By its id or its sender's reference. Time has done its work on it.
  correspondence* find(std::string_view id);
  bool key_used(const std::string& key) const { return keys_.contains(key); }
  std::vector<correspondence*> all();
  void clear();  // the keys stay used

  // What a recipient or Altinn does: publish, fetch, read, confirm, download, archive, reply,
  // forward, purge, purgeByAltinn, fail. Errors: invalid_request, not_found.
  result<void> act(std::string_view id, std::string_view what, std::string_view reason);

 private:
  void settle(correspondence&) const;
  void enter(correspondence& c, correspondence_status status) const {
    c.history.emplace_back(status, time_.now());
  }

  const sandbox_clock& time_;
  random_source& random_;
  std::vector<std::unique_ptr<correspondence>> letters_;
  std::set<std::string> keys_;
};

}  // namespace kp::sandbox
