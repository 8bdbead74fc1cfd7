#include "tools/sandbox/svarut_cms.hpp"

#include "tools/sandbox/sandbox_error.hpp"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

namespace kp::sandbox {

namespace {

using bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using content_info = std::unique_ptr<CMS_ContentInfo, decltype(&CMS_ContentInfo_free)>;

bio reading(std::string_view bytes) {
  return {BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), BIO_free_all};
}

std::string written(BIO* to) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(to, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

result<std::string> open_cms(std::string_view cms, const rsa_key& key,
                             const certificate& recipient) {
  const auto in = reading(cms);
  const content_info info(d2i_CMS_bio(in.get(), nullptr), CMS_ContentInfo_free);
  const bio out(BIO_new(BIO_s_mem()), BIO_free_all);
  const bool opened = info && CMS_decrypt(info.get(), key.raw(), recipient.raw(), nullptr,
                                          out.get(), CMS_BINARY) == 1;
  ERR_clear_error();
  if (!opened)
    return permanent(sandbox_errc::invalid_request, "this is no CMS envelope for this recipient");
  return written(out.get());
}

result<std::string> make_cms(std::string_view plain, const certificate& recipient) {
  constexpr unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_STREAM;
  const content_info info(CMS_encrypt(nullptr, nullptr, EVP_aes_256_cbc(), flags),
                          CMS_ContentInfo_free);
  auto* added =
      info ? CMS_add1_recipient_cert(info.get(), recipient.raw(), CMS_KEY_PARAM) : nullptr;
  auto* context = added ? CMS_RecipientInfo_get0_pkey_ctx(added) : nullptr;
  const auto in = reading(plain);
  const bio out(BIO_new(BIO_s_mem()), BIO_free_all);
  const bool made =
      context && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
      EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
      EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0 &&
      i2d_CMS_bio_stream(out.get(), info.get(), in.get(), static_cast<int>(flags)) == 1;
  ERR_clear_error();
  if (!made) return permanent(sandbox_errc::crypto, "OpenSSL refused to make a CMS envelope");
  return written(out.get());
}

}  // namespace kp::sandbox
