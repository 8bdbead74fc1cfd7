#include "tools/sandbox/dph_package.hpp"

#include "tools/sandbox/dph_jose.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <openssl/asn1.h>
#include <openssl/x509.h>

#include <array>

namespace kp::sandbox {

namespace {

using namespace std::string_view_literals;

constexpr auto enveloped_data = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"sv;  // 1.2.840.113549.1.7.3
constexpr auto plain_data = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
constexpr auto rsa_oaep = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"sv;
constexpr auto mgf1 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"sv;
constexpr auto sha_256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;
constexpr auto aes_256_gcm = "\x60\x86\x48\x01\x65\x03\x04\x01\x2e"sv;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t segment_bytes = 1000;
constexpr int deepest = 16;

error wrong(const char* what) {
  return permanent(sandbox_errc::invalid_request, std::string("dokumentpakke: ") + what);
}

// ---- writing

std::string tlv(unsigned char tag, std::string_view content) {
  std::string made(1, static_cast<char>(tag));
  if (content.size() < 128) {
    made += static_cast<char>(content.size());
  } else {
    std::string length;
    for (auto rest = content.size(); rest > 0; rest >>= 8)
      length.insert(length.begin(), static_cast<char>(rest & 0xff));
    made += static_cast<char>(0x80 | length.size());
    made += length;
  }
  return made.append(content);
}
std::string endless(unsigned char tag, std::string_view content) {
  std::string made{static_cast<char>(tag), '\x80'};
  return made.append(content).append(2, '\0');
}
std::string sequence(std::string_view content) {
  return tlv(0x30, content);
}
std::string oid(std::string_view value) {
  return tlv(0x06, value);
}
std::string number(char value) {
  return tlv(0x02, {&value, 1});
}

// RFC 4055 4.1: both digests are SHA-256.
std::string oaep_algorithm() {
  const auto digest = sequence(oid(sha_256) + tlv(0x05, ""));
  return sequence(oid(rsa_oaep) +
                  sequence(tlv(0xa0, digest) + tlv(0xa1, sequence(oid(mgf1) + digest))));
}

std::string issuer_and_serial(const certificate& of) {
  unsigned char* bytes = nullptr;
  const int name = i2d_X509_NAME(X509_get_issuer_name(of.raw()), &bytes);
  std::string made(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(std::max(name, 0)));
  OPENSSL_free(bytes);
  bytes = nullptr;
  const int serial = i2d_ASN1_INTEGER(X509_get0_serialNumber(of.raw()), &bytes);
  made.append(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(std::max(serial, 0)));
  OPENSSL_free(bytes);
  return sequence(made);
}

// ---- reading

struct element {
  int tag = 0;
  bool universal = true;
  std::string_view content;  // of a primitive one
  std::vector<element> inside;
};

// Takes one element off the front; OpenSSL reads tags and lengths.
std::optional<element> take(std::string_view& from, int depth) {
  if (depth > deepest || from.empty()) return {};
  const auto* const begin = reinterpret_cast<const unsigned char*>(from.data());
  const auto* at = begin;
  long length = 0;
  int kind = 0;
  element made;
  const int how = ASN1_get_object(&at, &length, &made.tag, &kind, static_cast<long>(from.size()));
  if (how & 0x80) return {};
  made.universal = kind == V_ASN1_UNIVERSAL;
  from.remove_prefix(static_cast<std::size_t>(at - begin));
  const bool indefinite = how & 1;
  if (!(how & V_ASN1_CONSTRUCTED)) {
    made.content = from.substr(0, static_cast<std::size_t>(length));
    from.remove_prefix(made.content.size());
    return made;
  }
  auto body = indefinite ? from : from.substr(0, static_cast<std::size_t>(length));
  const auto all = body.size();
  while (!body.empty()) {
    if (indefinite && body.starts_with("\0\0"sv)) {
      from.remove_prefix(all - body.size() + 2);
      return made;
    }
    auto child = take(body, depth + 1);
    if (!child) return {};
    made.inside.push_back(*std::move(child));
  }
  if (indefinite) return {};  // it does not end
  from.remove_prefix(all);
  return made;
}

std::string octets(const element& of) {
  std::string all(of.content);
  for (const auto& each : of.inside) all += octets(each);
  return all;
}

const element* child(const element* of, std::size_t index) {
  return of && index < of->inside.size() ? &of->inside[index] : nullptr;
}
bool is_oid(const element* it, std::string_view wanted) {
  return it && it->tag == V_ASN1_OBJECT && it->content == wanted;
}

}  // namespace

result<std::string> make_gcm_cms(std::string_view plain, const certificate& recipient,
                                 const std::string& key, const std::string& nonce, bool spoilt) {
  const auto to = recipient.key();
  const auto sealed_key = to ? oaep_seal(*to, key) : std::string();
  if (sealed_key.empty()) return permanent(sandbox_errc::crypto, "OpenSSL refused to seal a key");
  auto sealed = gcm_seal(key, nonce, plain);
  if (spoilt) sealed.tag.front() = static_cast<char>(sealed.tag.front() ^ 1);
  const auto content = sealed.bytes + sealed.tag;
  std::string segments;
  for (std::size_t at = 0; at < content.size(); at += segment_bytes)
    segments += tlv(0x04, std::string_view(content).substr(at, segment_bytes));
  const auto who =
      sequence(number(0) + issuer_and_serial(recipient) + oaep_algorithm() + tlv(0x04, sealed_key));
  const auto cipher = sequence(oid(aes_256_gcm) + sequence(tlv(0x04, nonce) + number(tag_bytes)));
  const auto inner = endless(0x30, oid(plain_data) + cipher + endless(0xa0, segments));
  return endless(
      0x30, oid(enveloped_data) + endless(0xa0, endless(0x30, number(0) + tlv(0x31, who) + inner)));
}

result<std::string> open_gcm_cms(std::string_view cms, const rsa_key& own) {
  auto rest = cms;
  const auto whole = take(rest, 0);
  if (!whole || !rest.empty()) return wrong("it is no BER");
  if (!is_oid(child(&*whole, 0), enveloped_data)) return wrong("it is no EnvelopedData");
  const auto* data = child(child(&*whole, 1), 0);
  const auto* version = child(data, 0);
  if (!version || octets(*version) != std::string(1, '\0')) return wrong("its version is not 0");
  const auto* recipients = child(data, 1);
  if (!recipients || recipients->inside.size() != 1) return wrong("it has not one recipient");
  const auto* recipient = child(recipients, 0);
  if (!is_oid(child(child(recipient, 2), 0), rsa_oaep)) return wrong("its key is not OAEP");
  const auto* sealed_key = child(recipient, 3);
  const auto key = sealed_key ? oaep_open(own, octets(*sealed_key)) : std::nullopt;
  if (!key) return wrong("it is for somebody else");
  const auto* content = child(data, 2);
  const auto* cipher = child(content, 1);
  if (!is_oid(child(cipher, 0), aes_256_gcm)) return wrong("its content is not AES-256-GCM");
  const auto* nonce = child(child(cipher, 1), 0);
  const auto* length = child(child(cipher, 1), 1);
  if (!nonce || !length || octets(*length) != std::string(1, static_cast<char>(tag_bytes)))
    return wrong("its tag is not of 16 bytes");
  const auto* sealed = child(content, 2);
  auto bytes = sealed ? octets(*sealed) : std::string();
  if (bytes.size() < tag_bytes) return wrong("it has no tag");
  auto tag = bytes.substr(bytes.size() - tag_bytes);
  bytes.resize(bytes.size() - tag_bytes);
  auto plain = gcm_open(*key, octets(*nonce), {std::move(bytes), std::move(tag)});
  if (!plain) return wrong("its tag does not fit");
  return *std::move(plain);
}

}  // namespace kp::sandbox
