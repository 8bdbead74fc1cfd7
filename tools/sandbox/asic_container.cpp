#include "tools/sandbox/asic_container.hpp"

#include "config/text.hpp"
#include "tools/sandbox/asic_parts.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <openssl/pkcs12.h>

#include <map>
#include <set>

namespace kp::sandbox {

namespace {

using namespace asic;

std::string der_of(CMS_ContentInfo* cms) {
  const auto out = writing();
  return i2d_CMS_bio(out.get(), cms) == 1 ? written(out) : std::string();
}

std::string inner_manifest(const named_files& files, const std::string& sender,
                           const std::string& receiver) {
  pugi::xml_document document;
  auto root = document.append_child("manifest");
  for (const auto& [name, number] : {std::pair{"mottaker", receiver}, {"avsender", sender}}) {
    auto who = root.append_child(name).append_child("organisasjon");
    who.append_attribute("authority") = "iso6523-actorid-upis";
    who.text() = ("0192:" + number).c_str();
  }
  auto main = root.append_child("hoveddokument");
  main.append_attribute("href") = files.front().first.c_str();
  main.append_attribute("mime") = media_type_of(files.front().first).c_str();
  auto title = main.append_child("tittel");
  title.append_attribute("lang") = "no";
  title.text() = "Hoveddokument";
  return text_of(document);
}

std::string asic_manifest(const named_files& entries, const std::string& signature_name) {
  pugi::xml_document document;
  auto root = document.append_child("ASiCManifest");
  root.append_attribute("xmlns") = "http://uri.etsi.org/02918/v1.2.1#";
  root.append_attribute("xmlns:ns2") = "http://www.w3.org/2000/09/xmldsig#";
  auto reference = root.append_child("SigReference");
  reference.append_attribute("URI") = signature_name.c_str();
  reference.append_attribute("MimeType") = "application/x-pkcs7-signature";
  for (const auto& [name, bytes] : entries) {
    auto object = root.append_child("DataObjectReference");
    object.append_attribute("URI") = name.c_str();
    object.append_attribute("MimeType") = media_type_of(name).c_str();
    object.append_child("ns2:DigestMethod").append_attribute("Algorithm") = sha256_uri;
    object.append_child("ns2:DigestValue").text() = to_base64(sha256(bytes)).c_str();
  }
  return text_of(document);
}

std::string transport_of(CMS_ContentInfo* cms) {
  auto* recipients = CMS_get0_RecipientInfos(cms);
  if (!recipients || sk_CMS_RecipientInfo_num(recipients) == 0) return {};
  X509_ALGOR* algorithm = nullptr;
  EVP_PKEY* unused_key = nullptr;
  X509* unused = nullptr;
  auto* first = sk_CMS_RecipientInfo_value(recipients, 0);
  if (CMS_RecipientInfo_type(first) != CMS_RECIPINFO_TRANS ||
      CMS_RecipientInfo_ktri_get0_algs(first, &unused_key, &unused, &algorithm) != 1)
    return {};
  char text[64];
  OBJ_obj2txt(text, sizeof text, algorithm->algorithm, 1);
  return text;
}

}  // namespace

result<std::string> seal_files(const named_files& files, const std::string& sender,
                               const std::string& receiver, const issued_certificate& signer,
                               const certificate& recipient, const std::string& signature_id) {
  if (files.empty()) return wrong("files: at least one");
  named_files content{{"manifest.xml", inner_manifest(files, sender, receiver)}};
  content.insert(content.end(), files.begin(), files.end());
  KP_TRY(const auto zip, sign_files(content, signer, signature_id));
  const certificate_stack to(sk_X509_new_null());
  sk_X509_push(to.get(), recipient.raw());
  const auto plain = reading(zip);
  const cms_info cms(CMS_encrypt(to.get(), plain.get(), EVP_aes_256_cbc(), CMS_BINARY));
  if (!cms) return bad_crypto("to encrypt");
  return der_of(cms.get());
}

result<std::string> sign_files(const named_files& content, const issued_certificate& signer,
                               const std::string& signature_id) {
  const auto signature_name = "META-INF/signature-" + signature_id + ".p7s";
  const auto manifest = asic_manifest(content, signature_name);
  KP_TRY(auto signature, sign(manifest, signer, EVP_sha1()));
  named_files all{{"mimetype", container_type}};
  all.insert(all.end(), content.begin(), content.end());
  all.emplace_back("META-INF/ASiCManifest.xml", manifest);
  all.emplace_back(signature_name, std::move(signature));
  all.emplace_back("META-INF/manifest.xml", listing_of(content));
  return make_zip(all);
}

result<opened_container> open_container(std::string_view cms_bytes,
                                        const issued_certificate& recipient) {
  const auto der = reading(cms_bytes);
  const cms_info cms(d2i_CMS_bio(der.get(), nullptr));
  if (!cms) return wrong("the content is no CMS");
  const auto transport = transport_of(cms.get());
  const auto plain = writing();
  if (CMS_decrypt(cms.get(), recipient.key.raw(), recipient.certificate.raw(), nullptr, plain.get(),
                  CMS_BINARY) != 1)
    return wrong("the content does not open with this key");
  KP_TRY(auto out, read_container(written(plain)));
  out.key_transport = transport;
  return out;
}

result<opened_container> read_container(std::string_view container) {
  opened_container out;
  KP_TRY(const auto zip, entries_of(container));
  const std::map<std::string, std::string> entries(zip.begin(), zip.end());
  std::set<std::string> uncovered;
  for (const auto& [name, bytes] : zip) {
    if (name == "mimetype" || name.starts_with("META-INF/")) continue;
    uncovered.insert(name);
    out.files.emplace_back(name, bytes);
  }
  const auto manifest = entries.find("META-INF/ASiCManifest.xml");
  if (manifest == entries.end()) return wrong("the container has no ASiCManifest.xml");
  KP_TRY(const auto facts, check_references(manifest->second, entries, uncovered));
  KP_TRY(out.signer, signer_of(manifest->second, entries.at(facts.signature)));
  if (!uncovered.empty()) return wrong(*uncovered.begin() + " is not covered by the signature");
  return out;
}

result<issued_certificate> open_keystore_file(std::string_view der, const std::string& password) {
  const auto from = reading(der);
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> store(d2i_PKCS12_bio(from.get(), nullptr),
                                                              PKCS12_free);
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  if (!store || PKCS12_parse(store.get(), password.c_str(), &key, &leaf, nullptr) != 1 || !key ||
      !leaf)
    return bad_crypto("the key store");
  return issued_certificate{certificate(std::shared_ptr<X509>(leaf, X509_free)),
                            rsa_key(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free))};
}

}  // namespace kp::sandbox
