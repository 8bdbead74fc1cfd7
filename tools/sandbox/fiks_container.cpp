#include "tools/sandbox/fiks_container.hpp"

#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <pugixml.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace kp::sandbox {

namespace {

constexpr const char* container_type = "application/vnd.etsi.asic-e+zip";
constexpr const char* manifest_name = "META-INF/asicmanifest.xml";
constexpr const char* sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";
constexpr const char* dsig = "http://www.w3.org/2000/09/xmldsig#";

template <class T, void (*Free)(T*)>
struct freeing {
  void operator()(T* it) const { Free(it); }
};
void free_bio(BIO* it) {
  BIO_free_all(it);
}
void free_stack(STACK_OF(X509) * it) {
  sk_X509_free(it);
}
using certificate_stack = std::unique_ptr<STACK_OF(X509), freeing<STACK_OF(X509), free_stack>>;
using bio = std::unique_ptr<BIO, freeing<BIO, free_bio>>;
using cms_info = std::unique_ptr<CMS_ContentInfo, freeing<CMS_ContentInfo, CMS_ContentInfo_free>>;

error wrong(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

bio reading(std::string_view bytes) {
  return bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}
std::string written(const bio& to) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(to.get(), &bytes);
  return length > 0 ? std::string(bytes, static_cast<std::size_t>(length)) : std::string();
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "    ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

std::string media_type_of(const std::string& name) {
  if (name.ends_with(".xml")) return "application/xml";
  if (name.ends_with(".pdf")) return "application/pdf";
  return "text/plain";
}

std::string manifest_of(const named_files& files, fiks_style style, const std::string& signature) {
  const bool java = style == fiks_style::java;
  const std::string prefix = java ? "" : "cades:";
  pugi::xml_document document;
  auto root = document.append_child((prefix + "ASiCManifest").c_str());
  root.append_attribute(java ? "xmlns" : "xmlns:cades") =
      java ? "http://uri.etsi.org/02918/v1.2.1#" : "http://uri.etsi.org/2918/v1.2.1#";
  root.append_attribute("xmlns:sig") = dsig;
  if (style != fiks_style::dotnet_unsigned) {
    auto reference = root.append_child((prefix + "SigReference").c_str());
    reference.append_attribute("URI") = signature.c_str();
    reference.append_attribute("MimeType") = "application/x-pkcs7-signature";
  }
  for (const auto& [name, bytes] : files) {
    auto object = root.append_child((prefix + "DataObjectReference").c_str());
    object.append_attribute("URI") = name.c_str();
    object.append_attribute("MimeType") = media_type_of(name).c_str();
    if (java && name == files.front().first) object.append_attribute("Rootfile") = "true";
    object.append_child("sig:DigestMethod").append_attribute("Algorithm") = sha256_uri;
    object.append_child("sig:DigestValue").text() = to_base64(sha256(bytes)).c_str();
  }
  return text_of(document);
}

std::string listing_of(const named_files& files) {
  pugi::xml_document document;
  auto root = document.append_child("manifest");
  root.append_attribute("xmlns") = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
  const auto add = [&](const std::string& path, const std::string& type) {
    auto entry = root.append_child("file-entry");
    entry.append_attribute("full-path") = path.c_str();
    entry.append_attribute("media-type") = type.c_str();
  };
  add("/", container_type);
  for (const auto& [name, bytes] : files) add(name, media_type_of(name));
  return text_of(document);
}

result<std::string> sign(const std::string& text, const issued_certificate& signer) {
  constexpr unsigned flags = CMS_DETACHED | CMS_BINARY;
  const auto data = reading(text);
  const cms_info cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL));
  const bio out(BIO_new(BIO_s_mem()));
  if (!cms ||
      !CMS_add1_signer(cms.get(), signer.certificate.raw(), signer.key.raw(), EVP_sha256(),
                       flags | CMS_PARTIAL) ||
      CMS_final(cms.get(), data.get(), nullptr, flags) != 1 ||
      i2d_CMS_bio(out.get(), cms.get()) != 1)
    return permanent(sandbox_errc::crypto, "OpenSSL refused to sign");
  return written(out);
}

bool add_recipient(CMS_ContentInfo* to, const certificate& whose, bool oaep) {
  auto* added = CMS_add1_recipient_cert(to, whose.raw(), CMS_KEY_PARAM);
  auto* context = added ? CMS_RecipientInfo_get0_pkey_ctx(added) : nullptr;
  if (!context) return false;
  if (!oaep) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
}

std::string oid_of(const ASN1_OBJECT* object) {
  char text[64];
  OBJ_obj2txt(text, sizeof text, object, 1);
  return text;
}

std::string_view local(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string child_text(const pugi::xml_node& of, std::string_view name) {
  for (const auto& each : of.children())
    if (local(each) == name) return std::string(trim(each.text().get()));
  return {};
}

// How the envelope is made (dpfio.md 7.1). The padding's hash functions are looked at in the
// encoded parameters: both are there, and are SHA-256.
result<void> check_envelope(CMS_ContentInfo* cms) {
  auto* recipients = CMS_get0_RecipientInfos(cms);
  if (!recipients || sk_CMS_RecipientInfo_num(recipients) != 1)
    return wrong("the envelope has not exactly one recipientInfo");
  auto* first = sk_CMS_RecipientInfo_value(recipients, 0);
  X509_ALGOR* algorithm = nullptr;
  EVP_PKEY* unused_key = nullptr;
  X509* unused = nullptr;
  if (CMS_RecipientInfo_type(first) != CMS_RECIPINFO_TRANS ||
      CMS_RecipientInfo_ktri_get0_algs(first, &unused_key, &unused, &algorithm) != 1 ||
      oid_of(algorithm->algorithm) != "1.2.840.113549.1.1.7")
    return wrong("the key is not transported by RSAES-OAEP");
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* value = nullptr;
  X509_ALGOR_get0(&object, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return wrong("the parameters of RSAES-OAEP are absent");
  const auto* encoded = static_cast<const ASN1_STRING*>(value);
  const std::string_view der(reinterpret_cast<const char*>(ASN1_STRING_get0_data(encoded)),
                             static_cast<std::size_t>(ASN1_STRING_length(encoded)));
  constexpr std::string_view sha256_oid("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01", 11);
  const auto hash = der.find(sha256_oid);
  if (hash == std::string_view::npos || der.find(sha256_oid, hash + 1) == std::string_view::npos)
    return wrong("RSAES-OAEP does not use SHA-256 for both the hash and MGF1");
  return {};
}

bool is_aes_256_cbc(std::string_view cms) {
  constexpr std::string_view oid("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 11);
  return cms.substr(0, 4096).find(oid) != std::string_view::npos;
}

result<std::optional<std::string>> signer_of(const std::string& manifest,
                                             const std::string& signature) {
  const auto der = reading(signature), data = reading(manifest);
  const cms_info cms(d2i_CMS_bio(der.get(), nullptr));
  const bool good = cms && CMS_verify(cms.get(), nullptr, nullptr, data.get(), nullptr,
                                      CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
  ERR_clear_error();
  if (!good) return wrong("the signature does not verify");
  const certificate_stack signers(CMS_get0_signers(cms.get()));
  if (!signers || sk_X509_num(signers.get()) == 0) return wrong("nobody signed");
  X509* first = sk_X509_value(signers.get(), 0);
  X509_up_ref(first);
  return certificate(std::shared_ptr<X509>(first, X509_free)).organisation_number();
}

result<void> check_manifest(const std::map<std::string, std::string>& entries,
                            std::set<std::string> uncovered, fiks_content& into) {
  const auto manifest = entries.find(manifest_name);
  if (manifest == entries.end()) return wrong(fmt::format("there is no {}", manifest_name));
  pugi::xml_document document;
  if (!document.load_buffer(manifest->second.data(), manifest->second.size()))
    return wrong("the manifest is no XML");
  std::string signature;
  for (const auto& each : document.document_element().children()) {
    const std::string name = each.attribute("URI").as_string();
    if (local(each) == "SigReference") signature = name;
    if (local(each) != "DataObjectReference") continue;
    const auto found = entries.find(name);
    if (found == entries.end()) return wrong(name + " is in the manifest alone");
    if (child_text(each, "DigestValue") != to_base64(sha256(found->second)))
      return wrong("the digest of " + name + " is wrong");
    if (each.attribute("Rootfile").as_bool()) into.root = name;
    uncovered.erase(name);
  }
  if (!uncovered.empty()) return wrong(*uncovered.begin() + " is not covered by the manifest");
  const auto signed_by = entries.find(signature);
  if (signed_by == entries.end()) return wrong("the manifest names no signature");
  KP_TRY(into.signer, signer_of(manifest->second, signed_by->second));
  return {};
}

}  // namespace

std::optional<fiks_style> parse_fiks_style(std::string_view text) {
  if (text.empty() || text == "java") return fiks_style::java;
  if (text == "dotnet") return fiks_style::dotnet;
  if (text == "dotnet-unsigned") return fiks_style::dotnet_unsigned;
  return {};
}

result<std::string> make_fiks_container(const named_files& files, fiks_style style,
                                        const issued_certificate& signer,
                                        const std::string& signature_id) {
  if (files.empty()) return wrong("files: at least one");
  const auto signature_name = "META-INF/signature-" + signature_id + ".p7s";
  const auto manifest = manifest_of(files, style, signature_name);
  named_files all{{"mimetype", container_type}};
  all.insert(all.end(), files.begin(), files.end());
  all.emplace_back(manifest_name, manifest);
  if (style != fiks_style::dotnet_unsigned) {
    KP_TRY(auto signature, sign(manifest, signer));
    all.emplace_back(signature_name, std::move(signature));
  }
  if (style == fiks_style::java) all.emplace_back("META-INF/manifest.xml", listing_of(files));
  return make_zip(all);
}

result<std::string> seal_for_account(std::string_view plain, fiks_style style,
                                     const certificate& recipient) {
  constexpr unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_STREAM;
  const cms_info info(CMS_encrypt(nullptr, nullptr, EVP_aes_256_cbc(), flags));
  const auto in = reading(plain);
  const bio out(BIO_new(BIO_s_mem()));
  const bool made =
      info && (style == fiks_style::java || add_recipient(info.get(), recipient, false)) &&
      add_recipient(info.get(), recipient, true) &&
      i2d_CMS_bio_stream(out.get(), info.get(), in.get(), static_cast<int>(flags)) == 1;
  ERR_clear_error();
  if (!made) return permanent(sandbox_errc::crypto, "OpenSSL refused to make a CMS envelope");
  return written(out);
}

result<fiks_content> open_fiks_content(std::string_view cms, const issued_certificate& account) {
  const auto in = reading(cms);
  const cms_info info(d2i_CMS_bio(in.get(), nullptr));
  if (!info) return wrong("the content is no CMS");
  KP_CHECK(check_envelope(info.get()));
  if (!is_aes_256_cbc(cms)) return wrong("the content is not encrypted with AES-256-CBC");
  const bio plain(BIO_new(BIO_s_mem()));
  const bool opened = CMS_decrypt(info.get(), account.key.raw(), account.certificate.raw(), nullptr,
                                  plain.get(), CMS_BINARY) == 1;
  ERR_clear_error();
  if (!opened) return wrong("the content does not open with the key of the account");
  KP_TRY(const auto zip, read_zip(written(plain), max_container));
  if (zip.empty() || zip.front() != std::pair<std::string, std::string>("mimetype", container_type))
    return wrong("the first entry is not the mimetype of an ASiC-E");
  fiks_content out;
  std::set<std::string> uncovered;
  for (const auto& [name, bytes] : zip) {
    out.entries.push_back(name);
    if (name == "sbd.json" || name == "manifest.xml") return wrong(name + " does not belong there");
    if (name == "mimetype" || name.starts_with("META-INF/")) continue;
    uncovered.insert(name);
    out.files.emplace_back(name, bytes);
  }
  if (out.files.empty()) return wrong("the container has no files");
  KP_CHECK(check_manifest({zip.begin(), zip.end()}, std::move(uncovered), out));
  return out;
}

}  // namespace kp::sandbox
