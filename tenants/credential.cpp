#include "tenants/credential.hpp"

#include "config/text.hpp"
#include "config/yaml.hpp"
#include "tenants/api_key.hpp"
#include "tenants/password.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace kp::tenants {

namespace {

constexpr std::size_t sha256_hex = 64;

bool is_organisation(std::string_view text) {
  return text.starts_with("0192:") && organisation_id::parse(text.substr(5));
}

class checker {
 public:
  explicit checker(const credential& given) : given_(given) {}

  std::vector<problem> run() {
    if (only_one_kind()) {
      switch (given_.kind()) {
        case credential_kind::password:
          password();
          break;
        case credential_kind::api_key:
          api_key();
          break;
        case credential_kind::token:
          token();
          break;
        case credential_kind::certificate:
          certificate();
          break;
        case credential_kind::none:
          break;
      }
    }
    return std::move(problems_);
  }

 private:
  void report(std::string rule, std::string remedy) {
    problems_.push_back({given_.where, std::move(rule), std::move(remedy)});
  }
  void missing(std::string_view member, std::string_view beside, std::string remedy) {
    report(fmt::format("a credential has `{}` without `{}`", beside, member), std::move(remedy));
  }

  bool only_one_kind() {
    std::string kinds;
    int count = 0;
    const auto take = [&](bool there, const char* name) {
      if (!there) return;
      kinds += fmt::format("{}{}", count++ == 0 ? "" : " and ", name);
    };
    take(!given_.user.empty() || !given_.password_hash.empty(), "user and password");
    take(!given_.api_key.empty() || !given_.api_key_hash.empty(), "an API key");
    take(!given_.issuer.empty() || !given_.scope.empty() || !given_.consumer.empty() ||
             !given_.client_id.empty(),
         "a token");
    take(!given_.certificate_sha256.empty() || !given_.certificate_subject.empty(),
         "a certificate");
    if (count == 1) return true;
    if (count == 0)
      report("a credential has nothing to be known by",
             "Give it user and password_hash, api_key and api_key_hash, issuer and scope, or "
             "certificate_sha256.");
    else
      report(fmt::format("a credential is {} at once", kinds),
             "Make an item of its own of each; any one of them is enough to be let in.");
    return false;
  }

  void password() {
    if (given_.user.empty()) {
      missing("user", "password_hash", "Add the user name.");
    } else if (given_.user.find(':') != std::string::npos) {
      report(fmt::format("the user {} has a colon, which HTTP Basic does not allow",
                         in_quotes(given_.user)),
             "Choose a name without.");
    }
    if (given_.password_hash.empty())
      missing("password_hash", "user", "Add what `knutepunkt credential` prints.");
    else if (!is_password_hash(given_.password_hash))
      report(fmt::format("the password_hash of user {} is none", in_quotes(given_.user)),
             "Make it with `knutepunkt credential`; passwords themselves do not stand here.");
  }

  void api_key() {
    const std::string remedy = "Make both lines with `knutepunkt credential --api-key`.";
    if (given_.api_key.empty()) return missing("api_key", "api_key_hash", remedy);
    if (given_.api_key_hash.empty()) return missing("api_key_hash", "api_key", remedy);
    // Never repeated in the text: it may be the whole key.
    if (!is_api_key_id(given_.api_key))
      report("api_key is not the public part of an API key",
             "Write kp_ and twelve hexadecimal digits; the rest of the key is secret and does not "
             "stand here. " +
                 remedy);
    if (normal_fingerprint(given_.api_key_hash) != given_.api_key_hash)
      report("api_key_hash is no SHA-256 in 64 lower-case hexadecimal digits", remedy);
  }

  void token() {
    if (given_.issuer.empty()) missing("issuer", "scope", "Name one of token_issuers in hub.yaml.");
    if (given_.scope.empty())
      missing("scope", "issuer",
              "Name the scope that tokens for this channel have; else any token of the issuer "
              "would do.");
    else if (given_.scope.find(' ') != std::string::npos)
      report("scope names more than one", "Write one; make an item of its own of each.");
    if (given_.consumer.empty() && given_.client_id.empty())
      report(
          "a token credential says neither consumer nor client_id; anybody with the scope would "
          "be let in",
          "Add consumer, e.g. 0192:910077473, or client_id, or both.");
    else if (!given_.consumer.empty() && !is_organisation(given_.consumer))
      report(fmt::format("consumer {} is no organisation with prefix", in_quotes(given_.consumer)),
             "Write 0192: and the nine digits.");
  }

  void certificate() {
    if (!given_.certificate_sha256.empty() && !given_.certificate_subject.empty())
      report("a credential has both certificate_sha256 and certificate_subject",
             "Keep certificate_sha256, which is the stricter, or certificate_subject, which "
             "survives a renewal.");
    if (!given_.certificate_sha256.empty() &&
        normal_fingerprint(given_.certificate_sha256) != given_.certificate_sha256)
      report(fmt::format("certificate_sha256 {} is no SHA-256 fingerprint",
                         in_quotes(given_.certificate_sha256)),
             "Write what `openssl x509 -in client.pem -noout -fingerprint -sha256` prints behind "
             "the equals sign.");
  }

  const credential& given_;
  std::vector<problem> problems_;
};

}  // namespace

credential_kind credential::kind() const {
  if (!user.empty() || !password_hash.empty()) return credential_kind::password;
  if (!api_key.empty() || !api_key_hash.empty()) return credential_kind::api_key;
  if (!certificate_sha256.empty() || !certificate_subject.empty())
    return credential_kind::certificate;
  if (!issuer.empty() || !scope.empty() || !consumer.empty() || !client_id.empty())
    return credential_kind::token;
  return credential_kind::none;
}

bool same(const credential& a, const credential& b) {
  const auto all = [](const credential& c) {
    return std::tie(c.user, c.password_hash, c.api_key, c.api_key_hash, c.issuer, c.scope,
                    c.consumer, c.client_id, c.certificate_sha256, c.certificate_subject);
  };
  return all(a) == all(b) && a.inbox == b.inbox;
}

credential_identity identity_of(const credential& one) {
  switch (one.kind()) {
    case credential_kind::password:
      return {"user " + one.user, "the user " + in_quotes(one.user),
              "Choose another name, e.g. with the organisation number in front."};
    case credential_kind::api_key:
      return {"key " + one.api_key, "the API key " + in_quotes(one.api_key),
              "Make another with `knutepunkt credential --api-key`."};
    case credential_kind::certificate: {
      const bool by_print = !one.certificate_sha256.empty();
      const auto& text = by_print ? one.certificate_sha256 : one.certificate_subject;
      return {(by_print ? "certificate " : "subject ") + text,
              "the client certificate " + in_quotes(text), "Give each channel one of its own."};
    }
    case credential_kind::token:
      // No member but the last has a space in it; that one cannot run into another.
      return {fmt::format("token {} {} {} {}", one.scope, one.consumer, one.client_id, one.issuer),
              fmt::format("the token of issuer {} with scope {}", in_quotes(one.issuer),
                          in_quotes(one.scope)),
              "Tell them apart by scope, consumer or client_id."};
    case credential_kind::none:
      break;
  }
  return {};
}

std::vector<problem> check_credential(const credential& given) {
  return checker(given).run();
}

std::string normal_fingerprint(std::string_view text) {
  std::string digits;
  for (const char c : to_lower(text)) {
    if (c == ':' || c == ' ') continue;
    digits += c;
  }
  return digits.size() == sha256_hex && from_hex(digits) ? digits : "";
}

}  // namespace kp::tenants
