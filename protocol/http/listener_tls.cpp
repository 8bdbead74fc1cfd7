#include "protocol/http/listener_tls.hpp"

#include "config/text.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/asio/ssl.hpp>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace kp::http {

namespace {

// TLS 1.2 with forward secrecy and authenticated encryption; the suites of TLS 1.3 are all of that.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// How long a session that a client certificate was shown in may be taken up again.
constexpr long session_seconds = 300;
constexpr int longest_chain = 8;
constexpr std::size_t longest_subject = 4096;

error refused(std::string_view what, const std::string& file) {
  const auto number = ERR_peek_last_error();
  const char* reason = number == 0 ? nullptr : ERR_reason_error_string(number);
  auto text = fmt::format("cannot use the {} {}: {}", what, file, reason ? reason : "unknown");
  ERR_clear_error();
  return permanent(http_errc::tls, std::move(text));
}

}  // namespace

listener_tls::listener_tls(const server_options& options)
    : certificate_file_(options.certificate_file),
      key_file_(options.key_file),
      client_ca_file_(options.client_ca_file) {}

result<std::shared_ptr<listener_tls>> listener_tls::open(const server_options& options) {
  std::shared_ptr<listener_tls> made(new listener_tls(options));
  made->tried_ = made->seen_ = made->stamps_now();
  KP_TRY(made->context_, made->read());
  return made;
}

listener_tls::stamps listener_tls::stamps_now() const {
  stamps all;
  std::size_t i = 0;
  for (const auto* file : {&certificate_file_, &key_file_, &client_ca_file_}) {
    auto& one = all[i++];
    if (file->empty()) continue;
    std::error_code failed;
    const auto time = std::filesystem::last_write_time(*file, failed);
    if (failed) continue;
    const auto size = std::filesystem::file_size(*file, failed);
    if (!failed) one = stamp{time, size};
  }
  return all;
}

result<listener_tls::outcome> listener_tls::look() {
  const auto now = stamps_now();
  const bool at_rest = now == seen_;
  seen_ = now;
  if (!at_rest || now == tried_) return outcome::unchanged;
  tried_ = now;
  KP_TRY(context_, read());
  return outcome::replaced;
}

result<std::shared_ptr<asio::ssl::context>> listener_tls::read() const {
  ERR_clear_error();
  auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  auto* const native = made->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_set_cipher_list(native, ciphers) != 1) return refused("ciphers", ciphers);
  if (SSL_CTX_use_certificate_chain_file(native, certificate_file_.c_str()) != 1)
    return refused("certificate", certificate_file_);
  // Also refuses a key that belongs to another certificate.
  if (SSL_CTX_use_PrivateKey_file(native, key_file_.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(native) != 1)
    return refused("key", key_file_);
  if (client_ca_file_.empty()) return made;
  auto* const names = SSL_load_client_CA_file(client_ca_file_.c_str());
  if (!names || SSL_CTX_load_verify_file(native, client_ca_file_.c_str()) != 1)
    return refused("list of client certificate authorities", client_ca_file_);
  SSL_CTX_set_client_CA_list(native, names);
  // Asked for, not demanded: there are other ways to sign in. One that is shown must be good.
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify_depth(native, longest_chain);
  SSL_CTX_set_timeout(native, session_seconds);
  constexpr std::string_view session_context = "knutepunkt";
  SSL_CTX_set_session_id_context(native,
                                 reinterpret_cast<const unsigned char*>(session_context.data()),
                                 static_cast<unsigned int>(session_context.size()));
  return made;
}

std::shared_ptr<const client_certificate> shown_certificate(SSL* tls) {
  const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(tls),
                                                          X509_free);
  if (!shown || SSL_get_verify_result(tls) != X509_V_OK) return nullptr;
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  if (X509_digest(shown.get(), EVP_sha256(), reinterpret_cast<unsigned char*>(digest.data()),
                  &size) != 1)
    return nullptr;
  digest.resize(size);
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
  if (!text ||
      X509_NAME_print_ex(text.get(), X509_get_subject_name(shown.get()), 0, XN_FLAG_RFC2253) < 0)
    return nullptr;
  char* bytes = nullptr;
  const auto length = BIO_get_mem_data(text.get(), &bytes);
  if (length < 0 || static_cast<std::size_t>(length) > longest_subject) return nullptr;
  return std::make_shared<const client_certificate>(
      client_certificate{to_hex(digest), std::string(bytes, static_cast<std::size_t>(length))});
}

}  // namespace kp::http
