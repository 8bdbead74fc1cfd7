#pragma once

#include "tools/sandbox/keys.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <set>
#include <vector>

// What KS keeps: who may send and receive, what has been sent, and what waits in SvarInn (dpf.md
// 12).

namespace kp::sandbox {

inline constexpr std::size_t max_forsendelser = 10'000;

struct svarut_sender {
  std::string organisation;                                // nine digits
  std::string username, password;                          // SOAP
  std::string account, integration, integration_password;  // REST
};

struct svarinn_receiver {
  std::string name;
  std::set<std::string> organisations;
  std::string type;  // forsendelsestype; "" takes what nobody else does
  std::int64_t level = 4;
  std::string username, password;
  std::optional<kp::sandbox::certificate> certificate;
};

struct svarut_document {
  std::string filename, mime_type, content;  // content in the clear
  bool not_printed = false;
};

struct svarut_forsendelse {
  std::string id, external_reference, sender, receiver, title, type, reply_to;
  bool level4 = false, digital_only = false;
  boost::json::object metadata;       // as SvarInn lists it
  boost::json::object replies_go_to;  // the same
  boost::json::object to;             // mottaker as SvarInn lists it
  std::vector<svarut_document> documents;
  std::string over;  // "rest" or "soap"
  std::string said;  // the JSON or XML that it came with
  std::string status;
  time_point changed;
  std::string system;  // name of the receiver that has it in its list or had it
};

struct svarinn_item {
  std::string id, receiver;  // name of the receiver system
  boost::json::object entry;
  std::string payload;
};

class svarut_state {
 public:
  svarut_state(rsa_key key, certificate own, const sandbox_clock& time)
      : key_(std::move(key)), own_(std::move(own)), time_(time) {}

  std::map<std::string, svarut_sender, std::less<>> senders;       // by organisation
  std::map<std::string, svarinn_receiver, std::less<>> receivers;  // by name
  std::vector<std::string> types{"forsendelsetype-1", "Byggesøknad"};
  std::string base_url;  // of SvarInn's downloads

  const certificate& own_certificate() const { return own_; }
  // A document as it came; nullopt when it is not encrypted to this service.
  std::optional<std::string> decrypt(std::string_view cms) const;

  // Keeps it and delivers it to the fitting receiver system, or elsewhere. Errors, in the words of
  // SvarUt: invalid_request.
  result<void> accept(svarut_forsendelse);
  svarut_forsendelse* find(std::string_view id);
  const std::vector<svarut_forsendelse>& all() const { return sent_; }

  // The receiver system of the most specific type (dpf.md 9.8).
  const svarinn_receiver* receiver_of(std::string_view organisation, std::string_view type) const;
  // Of the systems without a type the one of this level, or the highest (dpf.md 3).
  std::optional<std::int64_t> level_of(std::string_view organisation,
                                       std::optional<std::int64_t> wanted) const;

  // SvarInn. Ids that are not in the list of the system are unknown.
  result<void> insert(svarinn_item);
  std::vector<const svarinn_item*> waiting(std::string_view receiver, std::size_t most) const;
  const svarinn_item* find_item(std::string_view receiver, std::string_view id) const;
  bool receipt(std::string_view receiver, std::string_view id);
  bool refuse(std::string_view receiver, std::string_view id, const std::string& why,
              bool permanent);
  const std::vector<boost::json::object>& receipts() const { return receipts_; }

 private:
  result<void> deliver(svarut_forsendelse&, const svarinn_receiver&);
  void remove_item(std::string_view receiver, std::string_view id);
  void set_status(std::string_view id, std::string_view status);

  rsa_key key_;
  certificate own_;
  const sandbox_clock& time_;
  std::vector<svarut_forsendelse> sent_;
  std::vector<svarinn_item> items_;  // oldest first
  std::vector<boost::json::object> receipts_;
};

}  // namespace kp::sandbox
