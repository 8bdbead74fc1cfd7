#pragma once

#include "config/error.hpp"
#include "protocol/crypto/crypto_error.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

// What the files of this room share of OpenSSL's C interface. Not for other rooms.

namespace kp::crypto::detail {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using pkey_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using pkey_ctx_ptr = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using md_ctx_ptr = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using cipher_ctx_ptr = std::unique_ptr<EVP_CIPHER_CTX, freed_by<EVP_CIPHER_CTX_free>>;
using cms_ptr = std::unique_ptr<CMS_ContentInfo, freed_by<CMS_ContentInfo_free>>;
using bn_ptr = std::unique_ptr<BIGNUM, freed_by<BN_clear_free>>;
using pkcs12_ptr = std::unique_ptr<PKCS12, freed_by<PKCS12_free>>;

inline const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* out(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

// A BIO that reads `bytes` in place; they must outlive it. OpenSSL sees two gigabytes of it at
// most.
inline bio_ptr memory_bio(std::string_view bytes) {
  constexpr std::size_t most = std::numeric_limits<int>::max();
  return bio_ptr(BIO_new_mem_buf(bytes.data(), static_cast<int>(std::min(bytes.size(), most))));
}

// OpenSSL keeps errors per thread; leftovers would be blamed on whoever fails next.
inline void clear_errors() {
  ERR_clear_error();
}

// `what (reason of OpenSSL)` and an empty error queue.
inline error failure(crypto_errc code, std::string_view what) {
  const auto number = ERR_peek_error();
  const char* reason = number == 0 ? nullptr : ERR_reason_error_string(number);
  std::string text(what);
  if (reason != nullptr) text.append(" (").append(reason).append(")");
  ERR_clear_error();
  return permanent(code, std::move(text));
}

// DER of anything OpenSSL has an i2d function for; empty when that fails.
template <auto I2d, class T>
std::string to_der(const T* object) {
  unsigned char* bytes = nullptr;
  const int length = I2d(const_cast<T*>(object), &bytes);
  if (length < 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace kp::crypto::detail
