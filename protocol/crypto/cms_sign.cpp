#include "protocol/crypto/cms.hpp"

#include "protocol/crypto/openssl.hpp"

#include <algorithm>
#include <array>

namespace kp::crypto {

namespace {

using namespace detail;

const EVP_MD* method(digest_algorithm algorithm) {
  switch (algorithm) {
    case digest_algorithm::sha1:
      return EVP_sha1();
    case digest_algorithm::sha256:
      return EVP_sha256();
    case digest_algorithm::md5:
      break;  // the Broker's checksum alone
  }
  return nullptr;
}

// MD5 and older prove nothing; SHA-1 is what today's installations sign with.
bool acceptable(CMS_SignerInfo* signer) {
  X509_ALGOR* algorithm = nullptr;
  CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &algorithm, nullptr);
  const ASN1_OBJECT* name = nullptr;
  X509_ALGOR_get0(&name, nullptr, nullptr, algorithm);
  constexpr std::array good{NID_sha1, NID_sha256, NID_sha384, NID_sha512};
  const int nid = OBJ_obj2nid(name);
  return std::ranges::find(good, nid) != good.end();
}

}  // namespace

result<std::string> sign_detached(std::string_view content, const keystore& signer,
                                  digest_algorithm digest) {
  clear_errors();
  const EVP_MD* hash = method(digest);
  if (hash == nullptr) return permanent(crypto_errc::unsupported, "MD5 does not sign");
  constexpr unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP;
  const cms_ptr cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL));
  if (!cms || CMS_add1_signer(cms.get(), signer.leaf.native(), signer.key.native(), hash,
                              flags | CMS_PARTIAL) == nullptr)
    return failure(crypto_errc::internal, "signing failed");
  for (const auto& issuer : signer.chain)
    if (CMS_add1_cert(cms.get(), issuer.native()) != 1)
      return failure(crypto_errc::internal, "signing failed");
  const auto bytes = memory_bio(content);
  if (CMS_final(cms.get(), bytes.get(), nullptr, flags) != 1)
    return failure(crypto_errc::internal, "signing failed");
  auto signature = to_der<i2d_CMS_ContentInfo>(cms.get());
  if (signature.empty()) return failure(crypto_errc::internal, "signing failed");
  return signature;
}

result<certificate> verify_detached(std::string_view content, std::string_view signature) {
  clear_errors();
  const auto message = memory_bio(signature);
  const cms_ptr cms(d2i_CMS_bio(message.get(), nullptr));
  if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed)
    return failure(crypto_errc::bad_format, "the signature is no CMS SignedData");
  const auto bytes = memory_bio(content);
  if (CMS_verify(cms.get(), nullptr, nullptr, bytes.get(), nullptr,
                 CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
    return failure(crypto_errc::bad_signature, "the signature does not verify");
  STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms.get());
  for (int i = 0; i < sk_CMS_SignerInfo_num(signers); ++i)
    if (!acceptable(sk_CMS_SignerInfo_value(signers, i)))
      return permanent(crypto_errc::bad_signature,
                       "the signature is made with a digest that proves nothing");
  X509* leaf = nullptr;
  if (sk_CMS_SignerInfo_num(signers) > 0)
    CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(signers, 0), nullptr, &leaf, nullptr, nullptr);
  if (leaf == nullptr)
    return permanent(crypto_errc::bad_signature, "the signature names no signer");
  X509_up_ref(leaf);
  return certificate(std::shared_ptr<X509>(leaf, X509_free));
}

}  // namespace kp::crypto
