#include "protocol/asic/xades.hpp"

#include "config/text.hpp"
#include "protocol/asic/names.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/crypto/signature.hpp"

#include <fmt/format.h>
#include <libxml/c14n.h>
#include <libxml/tree.h>
#include <openssl/bio.h>
#include <openssl/x509.h>

#include <algorithm>

namespace kp::asic {

namespace {

using crypto::crypto_errc;

constexpr std::string_view xades_namespace = "http://uri.etsi.org/01903/v1.3.2#";
constexpr std::string_view c14n_algorithm = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
constexpr std::string_view rsa_sha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
constexpr std::string_view sha1_algorithm = "http://www.w3.org/2000/09/xmldsig#sha1";
constexpr std::string_view properties_type = "http://uri.etsi.org/01903#SignedProperties";
constexpr std::string_view properties_id = "SignedProperties";
constexpr std::string_view signature_id = "Signature";

struct free_document {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct free_buffer {
  void operator()(xmlOutputBuffer* buffer) const { xmlOutputBufferClose(buffer); }
};
struct free_bytes {
  void operator()(xmlChar* bytes) const { xmlFree(bytes); }
};
struct free_bio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using document_ptr = std::unique_ptr<xmlDoc, free_document>;

// libxml2 reports a lack of memory by null; a document with a hole in it must not be signed.
class writer {
 public:
  explicit writer(xmlNode* at, xmlNs* in_namespace) : at_(at), namespace_(in_namespace) {}

  writer child(std::string_view name, std::string_view content = {}) const {
    xmlNode* made =
        at_ ? xmlNewTextChild(at_, namespace_, bytes(std::string(name)).get(),
                              content.empty() ? nullptr : bytes(std::string(content)).get())
            : nullptr;
    return writer(made, namespace_);
  }
  // A child that declares `href` as the default namespace of what is in it.
  writer child_in(std::string_view href, std::string_view name) const {
    const auto made = child(name);
    if (!made.at_) return made;
    auto* declared = xmlNewNs(made.at_, bytes(std::string(href)).get(), nullptr);
    xmlSetNs(made.at_, declared);
    return writer(made.at_, declared);
  }
  // What follows stands in another namespace, which has been declared above.
  writer with(xmlNs* in_namespace) const { return writer(at_, in_namespace); }
  const writer& set(const char* attribute, std::string_view value) const {
    if (at_) xmlNewProp(at_, text(attribute), bytes(std::string(value)).get());
    return *this;
  }
  xmlNode* node() const { return at_; }

 private:
  struct copy {
    std::string kept;
    const xmlChar* get() const { return reinterpret_cast<const xmlChar*>(kept.c_str()); }
  };
  static copy bytes(std::string from) { return {std::move(from)}; }
  static const xmlChar* text(const char* from) { return reinterpret_cast<const xmlChar*>(from); }

  xmlNode* at_;
  xmlNs* namespace_;
};

// Of a namespace or an attribute libxml2 names the element as the parent.
int is_below(void* top, xmlNode* node, xmlNode* parent) {
  const bool stands_in_parent =
      node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE;
  for (const xmlNode* at = stands_in_parent ? parent : node; at; at = at->parent)
    if (at == top) return 1;
  return 0;
}

// The inclusive canonical form of one element (Canonical XML 1.0), in its context.
result<std::string> canonical(xmlNode* top) {
  const std::unique_ptr<xmlOutputBuffer, free_buffer> out(xmlAllocOutputBuffer(nullptr));
  if (!out || xmlC14NExecute(top->doc, &is_below, top, XML_C14N_1_0, nullptr, 0, out.get()) < 0)
    return permanent(crypto_errc::internal, "a signature could not be brought into canonical form");
  return std::string(reinterpret_cast<const char*>(xmlOutputBufferGetContent(out.get())),
                     xmlOutputBufferGetSize(out.get()));
}

std::string utc(time_point at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(second - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

// RFC 4514, as X509IssuerName is written.
std::string issuer_of(const crypto::certificate& leaf) {
  const std::unique_ptr<BIO, free_bio> to(BIO_new(BIO_s_mem()));
  if (!to) return {};
  const auto flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  X509_NAME_print_ex(to.get(), X509_get_issuer_name(leaf.native()), 0, flags);
  char* data = nullptr;
  const long size = BIO_get_mem_data(to.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string sha1(std::string_view bytes) {
  crypto::digest running(crypto::digest_algorithm::sha1);
  running.update(bytes);
  return running.finish();
}

void add_digest(const writer& to, std::string_view algorithm, std::string_view digest) {
  to.child("DigestMethod").set("Algorithm", algorithm);
  to.child("DigestValue", to_base64(digest));
}

// SignedProperties, in XAdES's own namespace but for the digests and the names of the issuer.
writer add_properties(const writer& object, const std::vector<reference>& files,
                      const crypto::certificate& leaf, time_point at) {
  const auto qualifying = object.child_in(xades_namespace, "QualifyingProperties");
  qualifying.set("Target", fmt::format("#{}", signature_id));
  auto* const digests =
      qualifying.node() ? xmlNewNs(qualifying.node(),
                                   reinterpret_cast<const xmlChar*>(names::dsig_namespace.data()),
                                   reinterpret_cast<const xmlChar*>("ns2"))
                        : nullptr;
  const auto properties = qualifying.child("SignedProperties");
  properties.set("Id", properties_id);
  const auto of_signature = properties.child("SignedSignatureProperties");
  of_signature.child("SigningTime", utc(at));
  const auto certificate = of_signature.child("SigningCertificate").child("Cert");
  add_digest(certificate.child("CertDigest").with(digests), sha1_algorithm, sha1(leaf.der()));
  const auto serial = certificate.child("IssuerSerial").with(digests);
  serial.child("X509IssuerName", issuer_of(leaf));
  serial.child("X509SerialNumber", leaf.serial_decimal());
  const auto of_data = properties.child("SignedDataObjectProperties");
  for (std::size_t i = 0; i < files.size(); ++i)
    of_data.child("DataObjectFormat")
        .set("ObjectReference", fmt::format("#ID_{}", i))
        .child("MimeType", files[i].mime_type);
  return properties;
}

void add_references(const writer& info, const std::vector<reference>& files,
                    std::string_view properties_digest) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto file = info.child("Reference");
    file.set("Id", fmt::format("ID_{}", i)).set("URI", form_encoded(files[i].name));
    add_digest(file, names::sha256_algorithm, files[i].digest);
  }
  const auto own = info.child("Reference");
  own.set("Type", properties_type).set("URI", fmt::format("#{}", properties_id));
  own.child("Transforms").child("Transform").set("Algorithm", c14n_algorithm);
  add_digest(own, names::sha256_algorithm, properties_digest);
}

}  // namespace

std::string form_encoded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '*' || c == '_';
    if (plain)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

result<std::string> sign_xades(const std::vector<reference>& files, const crypto::keystore& signer,
                               time_point signing_time) {
  const auto is_text = [](const reference& file) {
    return is_utf8(file.mime_type) && std::ranges::none_of(file.mime_type, [](char c) {
             return static_cast<unsigned char>(c) < 0x20;
           });
  };
  if (!std::ranges::all_of(files, is_text))
    return permanent(crypto_errc::bad_format, "a MIME type has characters that XML cannot hold");
  xmlInitParser();
  const document_ptr document(xmlNewDoc(reinterpret_cast<const xmlChar*>("1.0")));
  if (!document) return permanent(crypto_errc::internal, "libxml2 made no document");
  xmlNode* const root = xmlNewDocNode(document.get(), nullptr,
                                      reinterpret_cast<const xmlChar*>("XAdESSignatures"), nullptr);
  xmlDocSetRootElement(document.get(), root);
  auto* const container =
      root ? xmlNewNs(root, reinterpret_cast<const xmlChar*>(names::asic_namespace.data()), nullptr)
           : nullptr;
  if (!container) return permanent(crypto_errc::internal, "libxml2 made no document");
  xmlSetNs(root, container);

  const auto signature = writer(root, container).child_in(names::dsig_namespace, "Signature");
  signature.set("Id", signature_id);
  const auto info = signature.child("SignedInfo");
  const auto value = signature.child("SignatureValue");
  const auto chain = signature.child("KeyInfo").child("X509Data");
  chain.child("X509Certificate", to_base64(signer.leaf.der()));
  for (const auto& each : signer.chain) chain.child("X509Certificate", to_base64(each.der()));
  const auto properties =
      add_properties(signature.child("Object"), files, signer.leaf, signing_time);
  if (!properties.node()) return permanent(crypto_errc::internal, "libxml2 made no document");
  KP_TRY(const auto properties_text, canonical(properties.node()));

  info.child("CanonicalizationMethod").set("Algorithm", c14n_algorithm);
  info.child("SignatureMethod").set("Algorithm", rsa_sha256);
  add_references(info, files, crypto::sha256(properties_text));
  if (!info.node() || !value.node())
    return permanent(crypto_errc::internal, "libxml2 made no document");
  KP_TRY(const auto signed_text, canonical(info.node()));
  KP_TRY(const auto bytes, crypto::sign_rsa_sha256(signed_text, signer.key));
  xmlNodeSetContent(value.node(), reinterpret_cast<const xmlChar*>(to_base64(bytes).c_str()));

  xmlChar* text = nullptr;
  int length = 0;
  xmlDocDumpMemoryEnc(document.get(), &text, &length, "UTF-8");
  const std::unique_ptr<xmlChar, free_bytes> kept(text);
  if (!text || length <= 0)
    return permanent(crypto_errc::internal, "a signature could not be written");
  return std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
}

}  // namespace kp::asic
