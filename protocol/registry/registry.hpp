#pragma once

#include "config/error_code.hpp"
#include "protocol/crypto/jws.hpp"
#include "protocol/maskinporten/maskinporten.hpp"

#include <chrono>

// The Service Registry (service-registry.md). Answers are signed (JWS) and verified.

namespace kp::registry {

struct address { std::string name, street, postal_code, postal_area, country; };

struct person { std::string number, first_name; std::optional<std::string> middle_name; std::string last_name; };

struct service_record {
  service via = service::unknown;
  std::string organisation_number;
  std::string process;
  std::vector<std::string> document_types;
  std::optional<std::string> pem_certificate;
  std::string endpoint_url;
  std::optional<std::string> resource;
  std::optional<int> security_level;
  std::optional<std::string> mailbox_operator, mailbox_address;    // orgnrPostkasse, postkasseAdresse
  bool physical_mail = false;                                      // fysiskPost
  std::optional<address> post_address, return_address;
  std::optional<std::string> email, mobile, language;              // epostAdresse, mobilnummer, spraak
  std::optional<person> patient;                                   // DPH, of fastlege-for:
};

struct answer {
  std::string identifier;
  std::string organisation_name;
  std::vector<service_record> records;
  std::optional<address> post_address = {};  // of the organisation; no name in it
  bool stale = false;                        // served from cache because the registry did not answer
};

struct lookup {
  std::string identifier;                    // 9 digits, person number, her-id:…
  std::optional<std::string> process;
  std::optional<int> security_level;
  std::optional<std::string> conversation;   // correlation only; not part of the cache key
  friend auto operator<=>(const lookup&, const lookup&) = default;
};

// "SRParameter(identifier=…, …)", as today's texts name what was asked; with the person number.
std::string describe(const lookup&);

// Who a health address is: a HER-id, or the general practitioner of a person.
struct health_party {
  std::int64_t her_id = 0;      // level 2
  std::string organisation;     // nine digits: who owns it
};

enum class registry_errc { not_found = 1, refused = 2, bad_signature = 3, bad_answer = 4 };
inline const char* to_text(registry_errc e) {
  switch (e) {
    case registry_errc::not_found: return "not found";
    case registry_errc::refused: return "refused";
    case registry_errc::bad_signature: return "bad signature in response from service registry";
    case registry_errc::bad_answer: return "bad answer";
  }
  return "unknown";
}

struct client_settings {
  std::string base_url;                      // …/adressetjeneste
  std::string key_url;                       // JWK set; default base_url + "/jwk"
  std::vector<std::string> scopes;           // of all enabled services (maskinporten.md 4.1)
  bool beta = false;                         // asks for beta features: health addresses (dph.md 8)
  std::chrono::minutes fresh{5};
  std::chrono::hours stale{24};              // how long an old answer may be served on error
  std::size_t max_entries = 512;             // per client; least recently used leave first
};

// The JWK set of the registry, shared by all organisations; refetched on an unknown kid or a failed
// signature, at most every 30 s, and when older than 10 minutes. Lives on the network thread.
class signing_keys {
 public:
  signing_keys(http::client& http, const clock& time, std::string url);
  ~signing_keys();
  http::awaitable<result<std::string>> verified_payload(std::string_view compact_jws);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

// One organisation's view. Success is cached `fresh`, and served up to `stale` when the registry does
// not answer (5xx, timeout, no connection); a 404 is never served stale and never cached. Simultaneous
// callers share one request. Lives on the network thread.
class client {
 public:
  client(http::client& http, const clock& time, maskinporten::client& maskinporten,
         signing_keys& keys, client_settings settings);
  ~client();
  // Errors: registry_errc::not_found / refused with the registry's error_description; transport
  // errors. Person numbers in them are masked: see text_for_client().
  http::awaitable<result<answer>> find(lookup);
  // The published certificate (PEM) of an organisation, cached as above.
  http::awaitable<result<std::string>> published_certificate(std::string organisation);
  // What the registry calls an organisation, whatever it receives; cached as above.
  http::awaitable<result<std::string>> organisation_name(std::string organisation);
  // Who "her-id:8093" or "fastlege-for:17912099997" is; cached as above.
  http::awaitable<result<health_party>> find_health_party(std::string identifier);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

// The text of a failed find() for the client that asked for `what` and may see all of it, as
// today's installations give it. Never for a log.
std::string text_for_client(const error& why, const lookup& what);

// The capabilities answer of the API (rest-api.md 5).
boost::json::object to_capabilities(const answer&);

}  // namespace kp::registry

KP_ERROR_ENUM(kp::registry, registry_errc, "registry");
