#include "tools/sandbox/asic_parts.hpp"

#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <openssl/err.h>

#include <sstream>

namespace kp::sandbox::asic {

namespace {

// The local name of an element, whatever its prefix.
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

}  // namespace

error wrong(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}
error bad_crypto(const char* what) {
  return permanent(sandbox_errc::crypto, std::string("OpenSSL refused ") + what);
}

bio reading(std::string_view bytes) {
  return bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}
bio writing() {
  return bio(BIO_new(BIO_s_mem()));
}
std::string written(const bio& to) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(to.get(), &bytes);
  return length > 0 ? std::string(bytes, static_cast<std::size_t>(length)) : std::string();
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

std::string media_type_of(const std::string& name) {
  if (name.ends_with(".xml")) return "application/xml";
  if (name.ends_with(".pdf")) return "application/pdf";
  return "text/plain";
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

result<std::string> sign(const std::string& text, const issued_certificate& signer,
                         const EVP_MD* digest) {
  constexpr unsigned flags = CMS_DETACHED | CMS_BINARY;
  const auto data = reading(text);
  const auto out = writing();
  const cms_info cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL));
  if (!cms ||
      !CMS_add1_signer(cms.get(), signer.certificate.raw(), signer.key.raw(), digest,
                       flags | CMS_PARTIAL) ||
      CMS_final(cms.get(), data.get(), nullptr, flags) != 1 ||
      i2d_CMS_bio(out.get(), cms.get()) != 1)
    return bad_crypto("to sign");
  return written(out);
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

result<named_files> entries_of(std::string_view zip) {
  KP_TRY(auto all, read_zip(zip, max_container));
  if (all.empty() || all.front() != std::pair<std::string, std::string>("mimetype", container_type))
    return wrong("the first entry is not the mimetype of an ASiC-E");
  return all;
}

result<manifest_facts> check_references(const std::string& manifest,
                                        const std::map<std::string, std::string>& entries,
                                        std::set<std::string>& uncovered) {
  pugi::xml_document document;
  if (!document.load_buffer(manifest.data(), manifest.size()))
    return wrong("the manifest is no XML");
  manifest_facts out;
  for (const auto& each : document.document_element().children()) {
    const std::string name = each.attribute("URI").as_string();
    if (local(each) == "SigReference") out.signature = name;
    if (local(each) != "DataObjectReference") continue;
    const auto found = entries.find(name);
    if (found == entries.end()) return wrong(name + " is in the manifest alone");
    if (child_text(each, "DigestValue") != to_base64(sha256(found->second)))
      return wrong("the digest of " + name + " is wrong");
    if (each.attribute("Rootfile").as_bool()) out.root = name;
    uncovered.erase(name);
  }
  if (!entries.contains(out.signature)) return wrong("the manifest names no signature");
  return out;
}

}  // namespace kp::sandbox::asic
