#include "tools/sandbox/asic_container.hpp"

#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <openssl/cms.h>
#include <openssl/pkcs12.h>
#include <pugixml.hpp>

#include <fmt/format.h>

#include <map>
#include <set>
#include <sstream>

namespace kp::sandbox {

namespace {

constexpr std::string_view sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";
constexpr const char* container_type = "application/vnd.etsi.asic-e+zip";

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

error bad_crypto(const char* what) {
  return permanent(sandbox_errc::crypto, std::string("OpenSSL refused ") + what);
}
error wrong(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

bio reading(std::string_view bytes) {
  return bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}
std::string content_of(const bio& from) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(from.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(length));
}
std::string der_of(CMS_ContentInfo* cms) {
  const bio out(BIO_new(BIO_s_mem()));
  return i2d_CMS_bio(out.get(), cms) == 1 ? content_of(out) : std::string();
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

std::string media_type_of(const std::string& name) {
  return name.ends_with(".xml") ? "application/xml" : "text/plain";
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
    object.append_child("ns2:DigestMethod").append_attribute("Algorithm") =
        std::string(sha256_uri).c_str();
    object.append_child("ns2:DigestValue").text() = to_base64(sha256(bytes)).c_str();
  }
  return text_of(document);
}

std::string open_document_manifest(const named_files& entries) {
  pugi::xml_document document;
  auto root = document.append_child("manifest");
  root.append_attribute("xmlns") = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
  const auto add = [&](const std::string& path, const std::string& type) {
    auto entry = root.append_child("file-entry");
    entry.append_attribute("full-path") = path.c_str();
    entry.append_attribute("media-type") = type.c_str();
  };
  add("/", container_type);
  for (const auto& [name, bytes] : entries) add(name, media_type_of(name));
  return text_of(document);
}

result<std::string> sign(const std::string& text, const issued_certificate& signer) {
  constexpr unsigned flags = CMS_DETACHED | CMS_BINARY;
  const auto data = reading(text);
  const cms_info cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL));
  if (!cms ||
      !CMS_add1_signer(cms.get(), signer.certificate.raw(), signer.key.raw(), EVP_sha1(),
                       flags | CMS_PARTIAL) ||
      CMS_final(cms.get(), data.get(), nullptr, flags) != 1)
    return bad_crypto("to sign");
  return der_of(cms.get());
}

// The local name of an element, whatever its prefix.
std::string_view local(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1);
}

std::string child_text(const pugi::xml_node& of, std::string_view name) {
  for (const auto& each : of.children())
    if (local(each) == name) return std::string(trim(each.text().get()));
  return {};
}

// The signer of one manifest; what it covers is taken out of `uncovered`.
result<std::optional<std::string>> check_manifest(const std::string& manifest,
                                                  const std::map<std::string, std::string>& entries,
                                                  std::set<std::string>& uncovered) {
  pugi::xml_document document;
  if (!document.load_buffer(manifest.data(), manifest.size()))
    return wrong("ASiCManifest.xml is no XML");
  std::string signature;
  for (const auto& each : document.document_element().children()) {
    const std::string name = each.attribute("URI").as_string();
    if (local(each) == "SigReference") signature = name;
    if (local(each) != "DataObjectReference") continue;
    const auto found = entries.find(name);
    if (found == entries.end()) return wrong(name + " is in the manifest alone");
    if (child_text(each, "DigestValue") != to_base64(sha256(found->second)))
      return wrong("the digest of " + name + " is wrong");
    uncovered.erase(name);
  }
  const auto found = entries.find(signature);
  if (found == entries.end()) return wrong("the manifest names no signature");
  const auto der = reading(found->second), data = reading(manifest);
  const cms_info cms(d2i_CMS_bio(der.get(), nullptr));
  if (!cms || CMS_verify(cms.get(), nullptr, nullptr, data.get(), nullptr,
                         CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
    return wrong("the signature does not verify");
  const certificate_stack signers(CMS_get0_signers(cms.get()));
  if (!signers || sk_X509_num(signers.get()) == 0) return wrong("nobody signed");
  X509* first = sk_X509_value(signers.get(), 0);
  X509_up_ref(first);
  return certificate(std::shared_ptr<X509>(first, X509_free)).organisation_number();
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
  KP_TRY(auto signature, sign(manifest, signer));
  named_files all{{"mimetype", container_type}};
  all.insert(all.end(), content.begin(), content.end());
  all.emplace_back("META-INF/ASiCManifest.xml", manifest);
  all.emplace_back(signature_name, std::move(signature));
  all.emplace_back("META-INF/manifest.xml", open_document_manifest(content));
  return make_zip(all);
}

result<opened_container> open_container(std::string_view cms_bytes,
                                        const issued_certificate& recipient) {
  const auto der = reading(cms_bytes);
  const cms_info cms(d2i_CMS_bio(der.get(), nullptr));
  if (!cms) return wrong("the content is no CMS");
  const auto transport = transport_of(cms.get());
  const bio plain(BIO_new(BIO_s_mem()));
  if (CMS_decrypt(cms.get(), recipient.key.raw(), recipient.certificate.raw(), nullptr, plain.get(),
                  CMS_BINARY) != 1)
    return wrong("the content does not open with this key");
  KP_TRY(auto out, read_container(content_of(plain)));
  out.key_transport = transport;
  return out;
}

result<opened_container> read_container(std::string_view container) {
  opened_container out;
  KP_TRY(const auto zip, read_zip(container, max_container));
  if (zip.empty() || zip.front() != std::pair<std::string, std::string>("mimetype", container_type))
    return wrong("the first entry is not the mimetype of an ASiC-E");
  const std::map<std::string, std::string> entries(zip.begin(), zip.end());
  std::set<std::string> uncovered;
  for (const auto& [name, bytes] : zip) {
    if (name == "mimetype" || name.starts_with("META-INF/")) continue;
    uncovered.insert(name);
    out.files.emplace_back(name, bytes);
  }
  const auto manifest = entries.find("META-INF/ASiCManifest.xml");
  if (manifest == entries.end()) return wrong("the container has no ASiCManifest.xml");
  KP_TRY(out.signer, check_manifest(manifest->second, entries, uncovered));
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
