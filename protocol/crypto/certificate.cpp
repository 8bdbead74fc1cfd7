#include "protocol/crypto/certificate.hpp"

#include "protocol/crypto/openssl.hpp"
#include "protocol/crypto/parsed_when_used.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>

namespace kp::crypto {

namespace {

using namespace detail;

std::string drain(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  return length <= 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(length));
}

time_point to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return time_point{};
  return std::chrono::time_point_cast<std::chrono::microseconds>(
      std::chrono::system_clock::from_time_t(timegm(&parts)));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::optional<organisation_id> nine_digits(std::string_view text) {
  const auto id = organisation_id::parse(text);
  return id ? std::optional(*id) : std::nullopt;
}

// "Buypass AS-983163327": a name, a hyphen, no letters, nine digits.
std::optional<organisation_id> from_name(std::string_view name) {
  if (name.size() < 11) return std::nullopt;
  auto head = name.substr(0, name.size() - 9);
  while (!head.empty() && !is_word(head.back()) && head.back() != '-') head.remove_suffix(1);
  if (head.size() < 2 || head.back() != '-') return std::nullopt;
  return nine_digits(name.substr(name.size() - 9));
}

// "NTRNO-983163327" (ETSI EN 319 412-1), "PSDNO-FSA-983163327" or the bare digits.
std::optional<organisation_id> from_identifier(std::string_view text) {
  for (const std::string_view prefix : {"NTRNO-", "PSDNO-FSA-"})
    if (text.starts_with(prefix)) return nine_digits(text.substr(prefix.size()));
  return nine_digits(text);
}

template <class Rule>
std::optional<organisation_id> first_of(const X509_NAME* subject, int nid, Rule rule) {
  for (int at = X509_NAME_get_index_by_NID(subject, nid, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(subject, nid, at)) {
    unsigned char* text = nullptr;
    const int length =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length < 0) continue;
    const auto found =
        rule(std::string_view(reinterpret_cast<char*>(text), static_cast<std::size_t>(length)));
    OPENSSL_free(text);
    if (found) return found;
  }
  return std::nullopt;
}

std::shared_ptr<X509> parse_certificate(const std::string& der) {
  const unsigned char* at = in(der);
  return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
}
// Nearly all keys are RSA keys, and naming the kind spares OpenSSL a long search.
std::shared_ptr<EVP_PKEY> parse_rsa_key(const std::string& der) {
  const unsigned char* at = in(der);
  return {d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())), EVP_PKEY_free};
}
std::shared_ptr<EVP_PKEY> parse_key(const std::string& der) {
  const unsigned char* at = in(der);
  std::shared_ptr<EVP_PKEY> key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())),
                                EVP_PKEY_free);
  clear_errors();  // of the forms that it tried first
  return key;
}

using key_state = parsed_when_used<EVP_PKEY>;
void wipe_and_delete(key_state* key) {
  OPENSSL_cleanse(key->der().data(), key->der().size());
  delete key;
}

// OpenSSL would ask on the terminal otherwise.
int no_password(char*, int, int, void*) {
  return -1;
}

}  // namespace

result<certificate> certificate::from_pem(std::string_view pem) {
  clear_errors();
  const auto bio = memory_bio(pem);
  std::shared_ptr<X509> x509(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr),
                             X509_free);
  if (!x509) return failure(crypto_errc::bad_format, "no certificate in PEM");
  return certificate(std::move(x509));
}

result<certificate> certificate::from_der(std::string_view der) {
  clear_errors();
  auto x509 = parse_certificate(std::string(der));
  if (!x509) return failure(crypto_errc::bad_format, "no certificate in DER");
  return certificate(std::move(x509));
}

certificate::certificate(std::shared_ptr<X509> x509)
    : state_(std::make_shared<state>(to_der<i2d_X509>(x509.get()), x509, parse_certificate)) {}

held<X509> certificate::native() const {
  return held(state_->get());
}

certificate certificate::shared() const {
  static std::mutex guard;
  static std::map<std::string, std::weak_ptr<state>> known;  // by their DER
  static std::size_t tidy_at = 64;
  const std::scoped_lock lock(guard);
  if (known.size() >= tidy_at) {
    std::erase_if(known, [](const auto& each) { return each.second.expired(); });
    tidy_at = std::max<std::size_t>(64, 2 * known.size());
  }
  auto& mine = known[der()];
  if (auto same = mine.lock()) return certificate(std::move(same));
  mine = state_;
  return *this;
}

std::string certificate::pem() const {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), native());
  return drain(bio.get());
}

std::string certificate::der() const {
  return state_->der();
}

std::string certificate::subject() const {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  // Names have Norwegian letters; without the mask they would come out as \C3\A6.
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(native()), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  return drain(bio.get());
}

std::string certificate::serial_decimal() const {
  const bn_ptr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(native()), nullptr));
  char* text = number ? BN_bn2dec(number.get()) : nullptr;
  if (text == nullptr) return {};
  std::string decimal(text);
  OPENSSL_free(text);
  return decimal;
}

time_point certificate::not_before() const {
  return to_time(X509_get0_notBefore(native()));
}
time_point certificate::not_after() const {
  return to_time(X509_get0_notAfter(native()));
}

bool certificate::valid_at(time_point at) const {
  return not_before() <= at && at <= not_after();
}

std::optional<organisation_id> certificate::organisation() const {
  const auto x509 = native();
  const X509_NAME* subject = X509_get_subject_name(x509);
  if (const auto id = first_of(subject, NID_serialNumber, nine_digits)) return id;
  if (const auto id = first_of(subject, NID_organizationName, from_name)) return id;
  return first_of(subject, NID_organizationIdentifier, from_identifier);
}

result<private_key> private_key::from_pem(std::string_view pem) {
  clear_errors();
  const auto bio = memory_bio(pem);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr),
                                EVP_PKEY_free);
  if (!key) return failure(crypto_errc::bad_format, "no unencrypted private key in PEM");
  return private_key(std::move(key));
}

private_key::private_key(std::shared_ptr<EVP_PKEY> key)
    : state_(new key_state(
                 to_der<i2d_PrivateKey>(key.get()), key,
                 EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA ? parse_rsa_key : parse_key),
             wipe_and_delete) {
  clear_errors();
}

held<EVP_PKEY> private_key::native() const {
  return held(state_->get());
}

}  // namespace kp::crypto
