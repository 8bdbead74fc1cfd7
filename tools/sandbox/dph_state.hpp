#pragma once

#include "config/random.hpp"
#include "tools/sandbox/asic_container.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <map>
#include <optional>

// What the NHN adapter, and the health network behind it, keep (dph.md 13).

namespace kp::sandbox {

inline constexpr std::size_t max_her_ids = 100'000;
inline constexpr std::size_t max_health_messages = 100'000;
inline constexpr std::size_t max_dph_journal = 1'000;

// A party of the address register.
struct her_id {
  std::int64_t number = 0, parent = 0;
  std::string owner;  // organisation number of the parent
  std::string name, parent_name;
};
// Whose general practitioner is who.
struct patient {
  std::string number, first_name, middle_name, last_name;
  std::int64_t practitioner = 0;
};

// A message on its way through the network, from one HER-id to another. What a hub has sent waits
// for its receiver here as well.
struct health_message {
  std::string id;        // at NHN
  std::string document;  // id of MsgHead or AppRec
  std::int64_t sender = 0, receiver = 0;
  bool is_receipt = false, read = false;
  boost::json::object sbd;  // as the adapter gives it out
  named_files files;        // the same; none with a receipt
  // Of what a hub has sent:
  bool sent_here = false;
  boost::json::object sent_sbd;  // as it came
  named_files sent_files;
  std::string transport = "UNCONFIRMED", receipt;  // receipt: "" until there is one
  // What is wrong with its download:
  unsigned refused = 0;  // an HTTP status instead of the message
  std::string code, text;
  std::string spoilt;  // "tag", "signature", "stray", "recipient" or ""
  std::size_t downloads = 0;
};

// An application receipt that a hub has sent.
struct given_receipt {
  std::string about;  // id at NHN
  std::int64_t sender = 0, receiver = 0;
  boost::json::object body;
};

// What becomes of what is sent to a HER-id; 0: to any.
struct dph_rule {
  std::int64_t receiver = 0;
  std::string transport;  // "": stays UNCONFIRMED
  std::string receipt;    // "": none comes
  boost::json::array remarks;
};

struct dph_request {
  std::string method, path, organisation;
  unsigned status = 0;
  boost::json::value content;  // decrypted; null without
};

class dph_state {
 public:
  static constexpr std::string_view adapter_number = "991825827";

  dph_state(const certificate_authority& ca, const sandbox_clock& time, random_source& random)
      : ca_(ca), time_(time), random_(random) {}

  bool strict = false;        // 403 instead of 500 where access is denied
  unsigned read_again = 200;  // the answer to a second mark-read: 200 or 404
  std::vector<dph_rule> rules;
  std::deque<given_receipt> receipts;
  std::deque<dph_request> journal;  // newest last

  // The key that the adapter signs and decrypts with; made when first asked for.
  result<const issued_certificate*> own();
  // One that nobody trusts.
  result<const issued_certificate*> stray();

  void put(her_id);
  void put(patient);
  const her_id* find(std::int64_t number) const;
  const patient* find_patient(std::string_view number) const;
  // Who "her-id:8093" or "fastlege-for:17912099997" is.
  const her_id* resolve(std::string_view identifier) const;

  // What a hub has sent: kept, with what the first fitting rule makes of it. Returns its id.
  // Errors: sandbox_errc::invalid_request when it is full.
  result<std::string> accept(health_message);
  // Puts something into an inbox. Errors: as accept().
  result<std::string> deliver(health_message);
  // A receipt about what a hub has sent, into the inbox of its sender. Errors: as accept().
  result<std::string> answer(health_message& about, const std::string& status,
                             const boost::json::array& remarks, const std::string& raw);

  health_message* find_message(std::string_view id);
  // The newest that a hub has sent under this message id.
  health_message* find_sent(std::string_view message);
  std::vector<const health_message*> unread(std::int64_t receiver) const;
  const std::deque<health_message>& messages() const { return messages_; }
  void write(dph_request);
  // Forgets all but the address register.
  void clear();

  std::string uuid() { return random_.uuid(); }
  std::string random_bytes(std::size_t count) { return random_.bytes(count); }
  std::string timestamp() const;

 private:
  result<issued_certificate> make_certificate(std::string_view number, const char* name,
                                              const certificate_authority&) const;

  const certificate_authority& ca_;
  const sandbox_clock& time_;
  random_source& random_;
  std::optional<issued_certificate> own_, stray_;
  std::map<std::int64_t, her_id> parties_;
  std::map<std::string, patient, std::less<>> patients_;
  std::deque<health_message> messages_;
};

// A document as the adapter gives it out. `conversation` and `parent` are left out when empty; with
// `scopes` off there is none at all (dph.md 12 D1).
struct dph_header {
  std::string type, message, conversation, parent;
  std::int64_t sender = 0, receiver = 0;
  bool scopes = true;
};
boost::json::object dph_document(const dph_header&, boost::json::object body,
                                 const std::string& now, const std::string& deadline);

}  // namespace kp::sandbox
