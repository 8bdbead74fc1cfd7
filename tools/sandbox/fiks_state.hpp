#pragma once

#include "config/random.hpp"
#include "tools/sandbox/ca.hpp"
#include "tools/sandbox/fiks_broker.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <map>
#include <set>
#include <vector>

// What FIKS IO keeps: accounts, integrations, documents, and what was sent (dpfio.md 10).

namespace kp::sandbox {

inline constexpr std::size_t max_fiks_accounts = 20'000, max_fiks_sent = 10'000,
                             max_fiks_documents = 1'000;
inline constexpr std::chrono::milliseconds usual_fiks_ttl{604'800'000};

struct fiks_integration {
  std::string id, password;
  std::string organisation;  // nine digits, whose tokens go with it
};

struct fiks_account {
  std::string id, name;
  std::string organisation;  // nine digits
  std::string integration;   // who may use it
  std::optional<kp::sandbox::certificate> key;
  std::optional<issued_certificate> peer;  // of an account that the sandbox itself plays
  bool key_is_valid = true;
  bool receives = true, sends = true;
  std::set<std::string> types;     // that lookups find it by; empty: all
  std::set<std::string> accepted;  // senders; empty: all
};

struct fiks_document {
  std::string account;  // who may fetch it
  std::string bytes;
  time_point expires;
};

struct fiks_sent {
  std::string id;
  boost::json::object metadata;  // as it came
  boost::json::object answer;
  std::string payload;
  time_point at;
};

class fiks_state {
 public:
  fiks_state(const sandbox_clock& time, random_source& random) : time_(time), random_(random) {}

  std::map<std::string, fiks_integration, std::less<>> integrations;  // by id
  std::map<std::string, fiks_account, std::less<>> accounts;          // by id
  std::map<std::string, fiks_document, std::less<>> documents;        // by id
  std::deque<fiks_sent> sent;                                         // oldest first
  std::uint64_t document_failures = 0;   // how many more downloads fail
  std::size_t largest_body = 5'000'000;  // what is larger goes to Dokumentlager (dpfio.md 5.1)
  fiks_broker broker;

  const fiks_account* find(std::string_view id) const;
  fiks_account* find(std::string_view id);

  // Puts a message into the queue of `to`, a body that is too large into Dokumentlager. Errors: of
  // the broker.
  struct mail {
    std::string id, type, from, from_name, to, body;
    std::optional<std::string> reply_to, reply_to_type;
    boost::json::object headers;  // of the sender, without prefix
    std::chrono::milliseconds ttl = usual_fiks_ttl;
    bool as_document = false;
  };
  // The id in Dokumentlager, when it is there.
  result<std::optional<std::string>> post(const mail&);
  std::string keep(std::string account, std::string bytes, std::chrono::milliseconds life);

 private:
  const sandbox_clock& time_;
  random_source& random_;
};

}  // namespace kp::sandbox
