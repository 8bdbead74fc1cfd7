#include "protocol/dph/envelope.hpp"

#include "config/text.hpp"
#include "protocol/crypto/jwe.hpp"
#include "protocol/crypto/jws_any.hpp"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <boost/json.hpp>

namespace kp::dph {

namespace {

constexpr std::size_t longest_envelope = 8 * 1024 * 1024;

error unreadable(std::string_view why) {
  return permanent(dph_errc::unreadable, fmt::format("S02: the message cannot be opened: {}", why));
}
error bad_signature(std::string_view why) {
  return permanent(dph_errc::bad_signature,
                   fmt::format("S01: the signature of the message does not hold: {}", why));
}

std::optional<crypto::certificate> leaf_of(const crypto::jws& token) {
  const auto* chain = token.header.if_contains("x5c");
  if (!chain || !chain->is_array() || chain->get_array().empty()) return std::nullopt;
  const auto& first = chain->get_array().front();
  const auto der = first.is_string() ? from_base64(first.get_string()) : std::nullopt;
  if (!der) return std::nullopt;
  auto leaf = crypto::certificate::from_der(*der);
  if (!leaf) return std::nullopt;
  return *std::move(leaf);
}

}  // namespace

result<std::string> seal(std::string_view json, const crypto::keystore& signer,
                         const crypto::certificate& recipient) {
  boost::json::array chain;
  chain.emplace_back(to_base64(signer.leaf.der()));
  KP_TRY(const auto jws, crypto::sign_pss_jws({{"x5c", std::move(chain)}}, json, signer.key));
  return crypto::make_jwe(jws, recipient);
}

result<std::string> open(std::string_view jwe, const crypto::keystore& own,
                         const signer_check& trusts) {
  if (jwe.size() > longest_envelope) return unreadable("it is too long");
  const auto jws = crypto::open_jwe(jwe, own.key);
  if (!jws) return unreadable(jws.error().message);
  const auto token = crypto::parse_jws(*jws);
  if (!token) return bad_signature(token.error().message);
  const auto* algorithm = token->header.if_contains("alg");
  const std::string_view name =
      algorithm && algorithm->is_string() ? std::string_view(algorithm->get_string()) : "";
  if (!name.starts_with("PS") && !name.starts_with("RS"))
    return bad_signature("its algorithm is none of RS256 to PS512");
  const auto signer = leaf_of(*token);
  if (!signer) return bad_signature("there is no certificate in x5c");
  if (const auto trusted = trusts(*signer); !trusted) return bad_signature(trusted.error().message);
  auto verified = crypto::verify_any_jws(*jws, X509_get0_pubkey(signer->native()));
  if (!verified) return bad_signature(verified.error().message);
  return std::move(verified->payload);
}

}  // namespace kp::dph
