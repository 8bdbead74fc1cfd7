#include "tools/sandbox/fiks_container.hpp"

#include "config/text.hpp"
#include "tools/sandbox/asic_parts.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <fmt/format.h>

#include <map>
#include <set>

namespace kp::sandbox {

namespace {

using namespace asic;

constexpr const char* manifest_name = "META-INF/asicmanifest.xml";
constexpr const char* dsig = "http://www.w3.org/2000/09/xmldsig#";

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

result<void> check_manifest(const std::map<std::string, std::string>& entries,
                            std::set<std::string> uncovered, fiks_content& into) {
  const auto manifest = entries.find(manifest_name);
  if (manifest == entries.end()) return wrong(fmt::format("there is no {}", manifest_name));
  KP_TRY(auto facts, check_references(manifest->second, entries, uncovered));
  into.root = std::move(facts.root);
  if (!uncovered.empty()) return wrong(*uncovered.begin() + " is not covered by the manifest");
  KP_TRY(into.signer, signer_of(manifest->second, entries.at(facts.signature)));
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
    KP_TRY(auto signature, sign(manifest, signer, EVP_sha256()));
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
  const auto out = writing();
  const bool made =
      info && (style == fiks_style::java || add_recipient(info.get(), recipient, false)) &&
      add_recipient(info.get(), recipient, true) &&
      i2d_CMS_bio_stream(out.get(), info.get(), in.get(), static_cast<int>(flags)) == 1;
  ERR_clear_error();
  if (!made) return bad_crypto("to make a CMS envelope");
  return written(out);
}

result<fiks_content> open_fiks_content(std::string_view cms, const issued_certificate& account) {
  const auto in = reading(cms);
  const cms_info info(d2i_CMS_bio(in.get(), nullptr));
  if (!info) return wrong("the content is no CMS");
  KP_CHECK(check_envelope(info.get()));
  if (!is_aes_256_cbc(cms)) return wrong("the content is not encrypted with AES-256-CBC");
  const auto plain = writing();
  const bool opened = CMS_decrypt(info.get(), account.key.raw(), account.certificate.raw(), nullptr,
                                  plain.get(), CMS_BINARY) == 1;
  ERR_clear_error();
  if (!opened) return wrong("the content does not open with the key of the account");
  KP_TRY(const auto zip, entries_of(written(plain)));
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
