#include "protocol/crypto/business_certificate.hpp"

#include "protocol/crypto/openssl.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace kp::crypto {

namespace {

using namespace detail;
using store_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;
using store_ctx_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;
using policies_ptr = std::unique_ptr<CERTIFICATEPOLICIES, freed_by<CERTIFICATEPOLICIES_free>>;

struct free_stack {  // not what is in it
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  void operator()(STACK_OF(X509_CRL) * stack) const { sk_X509_CRL_free(stack); }
};
using stack_ptr = std::unique_ptr<STACK_OF(X509), free_stack>;
using list_stack_ptr = std::unique_ptr<STACK_OF(X509_CRL), free_stack>;

constexpr std::array<std::string_view, 15> in_production{
    "2.16.578.1.26.1.3.5",      "2.16.578.1.26.1.3.2",      "2.16.578.1.29.13.1",
    "2.16.578.1.29.13.1.1.0",   "2.16.578.1.29.13.200",     "2.16.578.1.29.13.200.1.0",
    "2.16.578.1.29.13.200.*",   "2.16.578.1.29.13.210",     "2.16.578.1.29.13.210.1.0",
    "2.16.578.1.29.13.210.*",   "2.16.578.1.29.13.220.*",   "2.16.578.1.29.13.220.1.0",
    "2.16.578.1.29.13.220.1.1", "2.16.578.1.29.13.220.1.2", "2.16.578.1.29.13.200.1.1"};
constexpr std::array<std::string_view, 9> in_test{
    "2.16.578.1.26.1.3.5",     "2.16.578.1.26.1.3.2",     "2.16.578.1.26.1.0.3.2",
    "2.16.578.1.29.13.1.1.0",  "2.16.578.1.29.913.1.1.0", "2.16.578.1.29.913.200.*",
    "2.16.578.1.29.913.210.*", "2.16.578.1.29.913.220.*", "2.16.578.1.1.1.1.100"};

error untrusted(std::string why) {
  return permanent(crypto_errc::bad_signature, std::move(why));
}

bool is_self_signed(X509* x509) {
  return X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
}

std::string dotted(const ASN1_OBJECT* oid) {
  std::array<char, 128> text{};
  const int length = OBJ_obj2txt(text.data(), text.size(), oid, 1);
  return length > 0 && static_cast<std::size_t>(length) < text.size() ? std::string(text.data())
                                                                      : std::string();
}

bool is_accepted(std::string_view oid, const std::vector<std::string>& accepted) {
  return std::ranges::any_of(accepted, [&](std::string_view each) {
    return each.ends_with(".*") ? oid.starts_with(each.substr(0, each.size() - 1)) : oid == each;
  });
}

result<void> check_extensions(X509* leaf) {
  bool has_key_usage = false;
  for (int i = 0; i < X509_get_ext_count(leaf); ++i) {
    auto* extension = X509_get_ext(leaf, i);
    if (X509_EXTENSION_get_critical(extension) == 0) continue;
    const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (kind == NID_key_usage)
      has_key_usage = true;
    else if (kind != NID_basic_constraints)
      return untrusted("Certificate has a critical extension that is not known: " +
                       dotted(X509_EXTENSION_get_object(extension)));
  }
  if (!has_key_usage) return untrusted("Certificate has no critical key usage.");
  return {};
}

result<void> check_policies(X509* leaf, const std::vector<std::string>& accepted) {
  const policies_ptr policies(static_cast<CERTIFICATEPOLICIES*>(
      X509_get_ext_d2i(leaf, NID_certificate_policies, nullptr, nullptr)));
  const int count = policies ? sk_POLICYINFO_num(policies.get()) : 0;
  for (int i = 0; i < count; ++i)
    if (is_accepted(dotted(sk_POLICYINFO_value(policies.get(), i)->policyid), accepted)) return {};
  return untrusted("No accepted policies found in certificate.");
}

// What keeps OpenSSL from using a list does not speak against the certificate.
int forgive_lists(int fine, X509_STORE_CTX* context) {
  switch (X509_STORE_CTX_get_error(context)) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
      return 1;
    default:
      return fine;
  }
}

}  // namespace

std::span<const std::string_view> production_policies() {
  return in_production;
}
std::span<const std::string_view> test_policies() {
  return in_test;
}

result<certificate_judge> certificate_judge::from_pem(std::string_view pem,
                                                      std::span<const std::string_view> policies) {
  clear_errors();
  certificate_judge made;
  made.policies_.assign(policies.begin(), policies.end());
  const auto from = memory_bio(pem);
  while (X509* raw = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)) {
    const std::shared_ptr<X509> x509(raw, X509_free);
    (is_self_signed(raw) ? made.roots_ : made.intermediates_).emplace_back(x509);
  }
  clear_errors();  // the end of the text is an error to OpenSSL
  if (made.roots_.empty())
    return permanent(crypto_errc::bad_format, "there is no root certificate in PEM in it");
  return made;
}

result<void> certificate_judge::check(const revocation_list& list) const {
  for (const auto* authorities : {&roots_, &intermediates_})
    for (const auto& each : *authorities) {
      if (X509_NAME_cmp(X509_get_subject_name(each.native()), X509_CRL_get_issuer(list.native())) !=
              0 ||
          (X509_get_key_usage(each.native()) & KU_CRL_SIGN) == 0)
        continue;
      const bool is_its = X509_CRL_verify(list.native(), X509_get0_pubkey(each.native())) == 1;
      clear_errors();
      if (is_its) return {};
    }
  return untrusted("the list is signed by none of the configured authorities");
}

result<void> certificate_judge::judge(const certificate& leaf, time_point now,
                                      std::span<const revocation_list> lists) const {
  clear_errors();
  if (!leaf.valid_at(now))
    return permanent(crypto_errc::not_valid_now,
                     "Certificate does not have a valid expiration date.");
  if (is_self_signed(leaf.native())) return untrusted("Certificate should be publicly signed.");
  KP_CHECK(check_extensions(leaf.native()));

  const store_ptr store(X509_STORE_new());
  const store_ctx_ptr context(X509_STORE_CTX_new());
  const stack_ptr between(sk_X509_new_null());
  const list_stack_ptr revoked(sk_X509_CRL_new_null());
  if (!store || !context || !between || !revoked)
    return failure(crypto_errc::internal, "judging a certificate failed");
  for (const auto& root : roots_) X509_STORE_add_cert(store.get(), root.native());
  // A stack does not keep what is in it, nor the context the leaf.
  const auto judged = leaf.native();
  std::vector<held<X509>> kept;
  for (const auto& each : intermediates_)
    sk_X509_push(between.get(), kept.emplace_back(each.native()));
  if (X509_STORE_CTX_init(context.get(), store.get(), judged, between.get()) != 1)
    return failure(crypto_errc::internal, "judging a certificate failed");
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(now));
  if (!lists.empty()) {
    for (const auto& each : lists) sk_X509_CRL_push(revoked.get(), each.native());
    X509_STORE_CTX_set0_crls(context.get(), revoked.get());
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_CRL_CHECK);
    X509_STORE_CTX_set_verify_cb(context.get(), forgive_lists);
  }
  if (X509_verify_cert(context.get()) != 1) {
    const int said = X509_STORE_CTX_get_error(context.get());
    const char* why = X509_verify_cert_error_string(said);
    clear_errors();
    if (said == X509_V_ERR_CERT_REVOKED) return untrusted("Certificate is revoked.");
    return untrusted("Certificate has no path to a configured root: " + leaf.subject() + " (" +
                     why + ")");
  }
  return check_policies(leaf.native(), policies_);
}

}  // namespace kp::crypto
