#include "protocol/crypto/digest.hpp"

#include "protocol/crypto/openssl.hpp"

#include <openssl/evp.h>

#include <cstdlib>

namespace kp::crypto {

namespace {

const EVP_MD* method(digest_algorithm algorithm) {
  switch (algorithm) {
    case digest_algorithm::md5:
      return EVP_md5();
    case digest_algorithm::sha1:
      return EVP_sha1();
    case digest_algorithm::sha256:
      break;
  }
  return EVP_sha256();
}

// Only a lack of memory, or an OpenSSL without its default provider, gets here; there is no sum to
// hand out then, and a wrong one would be worse than none.
void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

void digest::deleter::operator()(EVP_MD_CTX* context) const {
  EVP_MD_CTX_free(context);
}

digest::digest(digest_algorithm algorithm) : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr &&
          EVP_DigestInit_ex(context_.get(), method(algorithm), nullptr) == 1);
}

digest::~digest() = default;
digest::digest(digest&&) noexcept = default;
digest& digest::operator=(digest&&) noexcept = default;

void digest::update(std::string_view bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string digest::finish() {
  std::string sum(static_cast<std::size_t>(EVP_MD_CTX_get_size(context_.get())), '\0');
  require(EVP_DigestFinal_ex(context_.get(), detail::out(sum.data()), nullptr) == 1);
  return sum;
}

std::string sha256(std::string_view bytes) {
  digest sum(digest_algorithm::sha256);
  sum.update(bytes);
  return sum.finish();
}

}  // namespace kp::crypto
