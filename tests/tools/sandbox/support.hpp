#pragma once

#include "config/clock.hpp"
#include "tools/sandbox/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

// A small blocking HTTP client and JWTs signed by hand with OpenSSL: nothing of the sandbox's own
// code and nothing of protocol/, so that both are tested against a third reading.

struct evp_pkey_st;
struct x509_st;

namespace kp::sandbox::test {

namespace json = boost::json;

inline constexpr std::string_view grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
inline constexpr std::string_view resource = "eformidling-dpo-meldingsutveksling";

struct http_answer {
  unsigned status = 0;                         // 0: the connection broke
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool whole = false;  // every announced byte came
  // Parsed once, so that references into it live as long as the answer.
  const json::value& json() const {
    if (!parsed) parsed = std::make_shared<json::value>(json::parse(body));
    return *parsed;
  }
  std::string error_code() const;  // member `code` of a problem
  mutable std::shared_ptr<json::value> parsed;
};
using fields = std::map<std::string, std::string>;

http_answer call(std::uint16_t port, const std::string& method, const std::string& target,
                 const fields& headers = {}, const std::string& body = {});

// What an organisation has on its side: key and certificate out of the keystore it was given.
struct member {
  std::string number, client_id;
  std::shared_ptr<evp_pkey_st> key;
  std::shared_ptr<x509_st> certificate;
  std::string leaf_base64;
};
member open_keystore(const json::object& registration);
std::string sign_rs256(evp_pkey_st* key, const std::string& input);
bool verify_rs256(evp_pkey_st* key, const std::string& input, const std::string& signature);
std::shared_ptr<evp_pkey_st> new_key();
json::object public_jwk_of(evp_pkey_st* key);  // kty, n, e
std::shared_ptr<evp_pkey_st> key_of_certificate(const std::string& der);
std::string compact(const json::object& header, const json::object& claims, evp_pkey_st* key);
json::object claims_of(const std::string& jwt);
std::string subject_of(const x509_st* certificate);  // one line, RFC 2253 order

// A sandbox on a free port with a clock that stands still.
class with_sandbox : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  member add(const std::string& number, const json::object& more = {});
  json::value control(const std::string& method, const std::string& path,
                      json::value body = nullptr);
  http_answer get(const std::string& target, const fields& headers = {}) {
    return call(box->port(), "GET", target, headers);
  }
  http_answer post(const std::string& target, const fields& headers, const std::string& body) {
    return call(box->port(), "POST", target, headers, body);
  }

  // A grant as a hub sends it; change it before sending to see it refused.
  json::object grant_claims(const member&, const std::string& scope) const;
  json::object grant_header(const member&) const;
  static json::array system_user(const std::string& organisation, const std::string& name = {});
  http_answer send_grant(const std::string& assertion);
  http_answer ask_token(const member&, const json::object& claims);
  std::string token(const member&, const std::string& scope, bool as_system_user = false);
  std::string altinn_token(const member&, const std::string& scope);
  fields bearer(const std::string& token) const {
    return {{"Authorization", "Bearer " + token}, {"Accept", "application/json"}};
  }
  std::int64_t now() const;

  // Broker in the words of a hub.
  fields writing(const member& m) { return bearer(altinn_token(m, "altinn:broker.write")); }
  fields reading(const member& m) { return bearer(altinn_token(m, "altinn:broker.read")); }
  static json::object initialize_body(const std::string& from, const std::string& to);
  http_answer initialize(const fields& as, const json::object& body);
  http_answer upload(const fields& as, const std::string& id, const std::string& bytes);
  std::string sent(const member& from, const member& to, const std::string& bytes = "zip bytes");
  http_answer search(const fields& as,
                     const std::string& more = "&status=Published&recipientStatus=Initialized");
  http_answer download(const fields& as, const std::string& id);
  http_answer confirm(const fields& as, const std::string& id);
  std::string status_of(const fields& as, const std::string& id);

  std::shared_ptr<manual_clock> time =
      std::make_shared<manual_clock>(time_point(std::chrono::seconds(1'772'000'000)));
  std::string state_folder;
  std::unique_ptr<sandbox> box;
};

}  // namespace kp::sandbox::test
